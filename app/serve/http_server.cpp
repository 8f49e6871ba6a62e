// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/http_server.hpp"

#include "cli/exit_code.hpp"
#include "serve/http_connection.hpp"
#include "serve/log.hpp"

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <httplib.h>

namespace dbengine::app::serve {

namespace {

constexpr std::size_t threads = 16;
/// Accepted connections that wait for a thread; more are told to come later.
constexpr std::size_t waiting = 16;

/// Set on the accepting thread while it gets rid of a connection.
thread_local bool refusing = false;

class bounded_pool : public httplib::TaskQueue {
public:
  bounded_pool() {
    for (std::size_t i = 0; i < threads; ++i)
      threads_.emplace_back([this] { work(); });
  }

  void enqueue(std::function<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.size() < waiting) {
        tasks_.push_back(std::move(task));
        filled_.notify_one();
        return;
      }
    }
    refusing = true;
    task();
    refusing = false;
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    filled_.notify_all();
    for (auto& t : threads_)
      t.join();
  }

private:
  // What waits at the end is still run: each task closes its socket, soon, because the server is stopping.
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      filled_.wait(lock, [this] { return ended_ || !tasks_.empty(); });
      if (tasks_.empty())
        return;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  bool ended_ = false;
};

// "localhost:9187" -> "localhost", "[::1]:9187" -> "::1".
std::string host_of(const std::string& header) {
  if (header.starts_with('['))
    return header.substr(1, header.find(']') - 1);
  return header.substr(0, header.find(':'));
}

void answer(httplib::Response& to, const page& p) {
  to.status = p.status;
  to.set_content(p.body, p.type.c_str());
}

void refuse(httplib::Response& to, int status, const char* why) {
  answer(to, {.status = status, .body = std::string(why) + "\n"});
}

} // namespace

// Connections are ours: httplib reads and writes through them and knows neither keep-alive nor timeouts.
class http_server::impl : public httplib::Server {
public:
  impl(const address& at, std::map<std::string, page_maker> pages)
      : host_(at.host), pages_(std::move(pages)) {
    new_task_queue = [] { return new bounded_pool; };
    // Not SO_REUSEPORT, httplib's default: two servers would share a port without a word.
    set_socket_options([](socket_t s) {
      const int yes = 1;
      ::setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_default_headers({{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}});
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      route(request, response);
      return HandlerResponse::Handled;
    });
  }

  int bind(const address& at) {
    errno = 0;
    const int port = at.port == 0                     ? bind_to_any_port(at.host)
                     : bind_to_port(at.host, at.port) ? at.port
                                                      : -1;
    if (port > 0)
      return port;
    const int code = errno;
    throw data_error(
        "cannot listen at http://" + at.text() + ": " +
        (code == 0 ? "the address cannot be used" : std::generic_category().message(code)));
  }

  void start() {
    thread_ = std::thread([this] {
      // httplib ends its loop where accepting fails for want of memory or descriptors of the whole machine.
      listen_after_bind();
      over_ = true;
      if (!ending_)
        log_error("http: accepting connections failed: the pages are gone until the next start");
    });
    while (!is_running() && !over_)
      std::this_thread::yield(); // a stop before that would be lost
  }

  bool alive() const noexcept { return !over_; }

  void end() {
    ending_ = true;
    stop();
    if (thread_.joinable())
      thread_.join();
  }

private:
  bool process_and_close_socket(socket_t socket) override {
    http_connection connection(socket, ending_);
    if (refusing) {
      connection.turn_away();
      return false;
    }
    bool closed = false;
    const bool done = process_request(connection, true, closed, nullptr);
    connection.finish();
    return done;
  }

  void route(const httplib::Request& request, httplib::Response& response) const {
    if (request.get_header_value_count("Host") != 1)
      return refuse(response, 400, "one Host header is needed");
    const auto host = host_of(request.get_header_value("Host"));
    if (!is_ip(host) && host != "localhost" && host != host_)
      return refuse(response, 421, "this server is not known by that name");
    const auto found = pages_.find(request.path);
    if (found == pages_.end())
      return refuse(response, 404, "there is no such page");
    if (request.method != "GET" && request.method != "HEAD") {
      response.set_header("Allow", "GET, HEAD");
      return refuse(response, 405, "only GET and HEAD");
    }
    try {
      answer(response, found->second());
    } catch (const std::exception& e) {
      refuse(response, 500, e.what());
    }
  }

  const std::string host_;
  const std::map<std::string, page_maker> pages_;
  std::atomic<bool> ending_{false};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

http_server::http_server(const address& at, std::map<std::string, page_maker> pages)
    : where_(at), impl_(std::make_unique<impl>(at, std::move(pages))) {
  where_.port = static_cast<std::uint16_t>(impl_->bind(at));
  impl_->start();
}

bool http_server::alive() const noexcept {
  return impl_->alive();
}

http_server::~http_server() {
  impl_->end();
}

} // namespace dbengine::app::serve
