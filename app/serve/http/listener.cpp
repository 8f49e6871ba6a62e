// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/http/listener.hpp"

#include "cli/exit_code.hpp"
#include "serve/http/page_makers.hpp"
#include "serve/http/router.hpp"
#include "serve/http/session.hpp"
#include "serve/log.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>

namespace dbengine::app::serve::http {

namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t most_connections = 256;
/// Part of the connections, so that slow readers of large pages leave room for connections whose
/// request has not arrived.
constexpr std::size_t most_answered = 192;
constexpr auto most_head_time = 5s;
/// A scrape takes milliseconds; its requests to the engine time out after seconds.
constexpr auto most_page_time = 10s;
/// A little shorter than the deadline of a probing client.
constexpr auto most_probe_time = 2s;
constexpr auto most_write_time = 10s;
/// Bytes that a client still sends are read for this long, so that closing does not discard the
/// answer.
constexpr auto linger = 1s;
constexpr std::size_t most_lingering_bytes = 256 * 1024;
constexpr std::size_t most_evicted_bytes = 64 * 1024;
constexpr auto accept_pause = 100ms;
constexpr auto log_pause = 1min;

answer busy(const char* why) {
  auto a = refusal(503, why);
  a.fields.emplace_back("Retry-After", "1");
  return a;
}

using session_ptr = std::shared_ptr<session>;

// Never SO_REUSEPORT: two servers would share a port without notice.
error_code listen_at(tcp::acceptor& a, const tcp::endpoint& at) {
  error_code ec;
  if (a.open(at.protocol(), ec))
    return ec;
  ::fcntl(a.native_handle(), F_SETFD, FD_CLOEXEC);
  if (a.set_option(net::socket_base::reuse_address(true), ec))
    return ec;
  if (at.protocol() == tcp::v6() && a.set_option(net::ip::v6_only(false), ec))
    return ec;
  if (a.bind(at, ec))
    return ec;
  a.listen(net::socket_base::max_listen_connections, ec);
  return ec;
}

} // namespace

class listener::impl {
public:
  impl(const address& at, pages all) : router_(at.host, std::move(all)), acceptor_(bound(at)) {
    accept();
    thread_ = std::jthread([this] { run(); });
  }

  ~impl() {
    net::post(io_, [this] {
      ending_ = true;
      error_code ignored; // the acceptor is closed in any case
      acceptor_.close(ignored);
      pause_.cancel();
      while (!sessions_.empty())
        close(*sessions_.begin()->second);
    });
    thread_.join();
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
  tcp::acceptor bound(const address& at) {
    tcp::resolver names(io_);
    error_code why;
    const auto found = names.resolve(at.host, std::to_string(at.port),
                                     tcp::resolver::passive | tcp::resolver::numeric_service, why);
    const bool known = !why;
    for (const auto& f : found) {
      tcp::acceptor a(io_);
      if (why = listen_at(a, f.endpoint()); !why)
        return a;
    }
    throw data_error("cannot listen at http://" + at.text() + ": " +
                     (known && why ? why.message() : "the address cannot be used"));
  }

  // A failure of one connection ends in `run_step`. After any other failure, accepting continues.
  void run() {
    while (!ending_)
      try {
        if (!accepting_)
          accept_later();
        io_.restart();
        io_.run();
      } catch (const std::exception& e) {
        log_error(std::string("http: ") + e.what());
      }
  }

  // -- accepting --------------------------------------------------------------

  void accept() {
    acceptor_.async_accept([this](const error_code& ec, tcp::socket s) {
      accepting_ = false;
      if (ending_)
        return;
      if (ec)
        return on_accept_error(ec);
      adopt(std::move(s));
      accept();
    });
    accepting_ = true;
  }

  void accept_later() {
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](const error_code& ec) {
      if (!ec && !ending_ && !accepting_)
        accept();
    });
  }

  // Usually for lack of descriptors or memory: closing a connection frees some.
  void on_accept_error(const error_code& ec) {
    const auto now = clock::now();
    if (last_report_ == clock::time_point() || now - last_report_ >= log_pause) {
      last_report_ = now;
      log_error("http: cannot accept a connection; retrying: " + ec.message());
    }
    if (evict_oldest({stage::lingering, stage::reading}))
      accept();
    else
      accept_later();
  }

  void adopt(tcp::socket s) {
    error_code ignored; // an unusable socket fails when it is read
    ::fcntl(s.native_handle(), F_SETFD, FD_CLOEXEC);
    s.non_blocking(true, ignored);
    if (sessions_.size() >= most_connections)
      evict_oldest({stage::lingering, stage::reading, stage::writing});
    const auto made = std::make_shared<session>(std::move(s), ++last_id_);
    sessions_.emplace(made->id, made);
    run_step(made, [&] {
      deadline(made, most_head_time);
      read(made);
    });
  }

  // Closes the oldest connection in the first of these stages that has one. Returns false if there
  // is none. Pages are created for fewer connections than the limit, so another stage always has a
  // connection.
  bool evict_oldest(std::initializer_list<stage> stages) {
    for (const auto which : stages)
      for (const auto& [id, s] : sessions_)
        if (s->at == which) {
          if (which == stage::reading)
            reject(*s);
          close(*s);
          return true;
        }
    return false;
  }

  // Best effort, without waiting. Reads the received bytes, because closing a socket with unread
  // bytes resets the connection.
  static void reject(session& s) {
    error_code ec;
    for (std::size_t taken = 0; !ec && taken < most_evicted_bytes;)
      taken += s.socket.read_some(net::buffer(s.buffer), ec);
    const auto text = wire(busy("too many connections"), true);
    s.socket.write_some(net::buffer(text), ec);
  }

  // -- a connection -----------------------------------------------------------

  // If a step of a connection fails, only that connection is closed.
  template <class F>
  void run_step(const session_ptr& s, F&& f) {
    if (s->at == stage::closed)
      return;
    try {
      f();
    } catch (const std::exception& e) {
      log_error(std::string("http: a connection was closed: ") + e.what());
      close(*s);
    }
  }

  void close(session& s) {
    s.at = stage::closed;
    *s.given_up = true;
    s.timer.cancel();
    error_code ignored; // the descriptor is closed in any case
    s.socket.close(ignored);
    const auto id = s.id;
    sessions_.erase(id); // may be the last reference
  }

  void deadline(const session_ptr& s, clock::duration most) {
    s->until = clock::now() + most;
    s->timer.expires_at(s->until);
    s->timer.async_wait([this, s](const error_code& ec) {
      // A timer that expired before it could be cancelled belongs to an earlier stage.
      if (!ec && clock::now() >= s->until)
        run_step(s, [&] { on_deadline(s); });
    });
  }

  void on_deadline(const session_ptr& s) {
    if (s->at == stage::reading && s->http.begun()) {
      error_code ignored; // whether the cancellation succeeds does not matter
      s->socket.cancel(ignored);
      respond(s, refusal(408, "the request was not received in time"));
    } else if (s->at == stage::making)
      respond(s, busy("the page was not ready in time"));
    else
      close(*s);
  }

  void read(const session_ptr& s) {
    s->socket.async_read_some(net::buffer(s->buffer),
                              [this, s](const error_code& ec, std::size_t n) {
                                run_step(s, [&] { on_received(s, ec, n); });
                              });
  }

  void on_received(const session_ptr& s, const error_code& ec, std::size_t n) {
    if (s->at == stage::making || s->at == stage::writing)
      return; // the deadline has cancelled the read
    s->dropped += s->at == stage::lingering ? n : 0;
    if (ec || s->dropped >= most_lingering_bytes)
      close(*s);
    else if (s->at == stage::lingering)
      read(s);
    else
      parse_received(s, {s->buffer.data(), n});
  }

  void parse_received(const session_ptr& s, std::string_view bytes) {
    const auto& outcome = s->http.consume(bytes);
    if (const auto* r = std::get_if<request>(&outcome))
      on_request(s, *r);
    else if (const auto* no = std::get_if<answer>(&outcome))
      respond(s, *no);
    else
      read(s);
  }

  void on_request(const session_ptr& s, const request& r) {
    s->with_body = r.method != "HEAD";
    const auto way = router_.route(r);
    if (const auto* no = std::get_if<answer>(&way))
      return respond(s, *no);
    const auto* p = std::get<const page*>(way);
    if (being_answered() >= most_answered)
      evict_oldest({stage::writing});
    s->at = stage::making;
    deadline(s, p->probe ? most_probe_time : most_page_time);
    auto& makers = p->probe ? probe_makers_ : page_makers_;
    if (!makers.start([this, p, id = s->id, given_up = s->given_up] { make(*p, id, *given_up); }))
      respond(s, busy("too many pages are requested"));
  }

  std::size_t being_answered() const {
    return static_cast<std::size_t>(
        std::count_if(sessions_.begin(), sessions_.end(), [](const auto& entry) {
          return entry.second->at == stage::making || entry.second->at == stage::writing;
        }));
  }

  // Runs on a page_makers thread. If not even the answer for a failure can be allocated, the
  // deadline produces the answer.
  void make(const page& p, std::uint64_t id, const std::atomic<bool>& given_up) noexcept {
    if (given_up)
      return;
    try {
      answer a;
      try {
        a = p();
      } catch (const std::exception& e) {
        a = refusal(500, e.what());
      }
      net::post(io_, [this, id, made = std::move(a)] { deliver(id, made); });
    } catch (const std::exception& e) {
      log_error(std::string("http: a page failed: ") + e.what());
    }
  }

  void deliver(std::uint64_t id, const answer& a) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || found->second->at != stage::making)
      return;
    const auto s = found->second;
    run_step(s, [&] { respond(s, a); });
  }

  void respond(const session_ptr& s, const answer& a) {
    *s->given_up = true; // stops creating the page
    s->out = wire(a, s->with_body);
    s->at = stage::writing;
    deadline(s, most_write_time);
    net::async_write(s->socket, net::buffer(s->out), [this, s](const error_code& ec, std::size_t) {
      run_step(s, [&] { on_written(s, ec); });
    });
  }

  void on_written(const session_ptr& s, error_code ec) {
    if (!ec)
      s->socket.shutdown(tcp::socket::shutdown_send, ec);
    if (ec)
      return close(*s);
    s->out.clear();
    s->at = stage::lingering;
    deadline(s, linger);
    read(s);
  }

  const router router_;
  net::io_context io_{1};
  net::steady_timer pause_{io_};
  tcp::acceptor acceptor_;
  // The following members belong to the thread of `io_`.
  bool accepting_ = false;
  bool ending_ = false;
  clock::time_point last_report_{};
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, session_ptr> sessions_; // in the order of their arrival
  // Destroyed before `io_`, because its threads post their pages there.
  page_makers page_makers_{4, 16};
  page_makers probe_makers_{1, 64};
  std::jthread thread_;
};

listener::listener(const address& at, pages all)
    : where_(at), impl_(std::make_unique<impl>(at, std::move(all))) {
  where_.port = impl_->port();
}

listener::~listener() = default;

} // namespace dbengine::app::serve::http
