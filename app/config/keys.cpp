// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "config/keys.hpp"

#include "cli/command.hpp"
#include "cli/duration.hpp"
#include "output/encode.hpp"
#include "serve/address.hpp"
#include "serve/log.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace dbengine::app {

namespace {

template <class T>
std::string set_number(T& target, const toml::node& node, T least, T most) {
  const auto n = node.value_exact<std::int64_t>();
  if (!n || !std::in_range<T>(*n) || static_cast<T>(*n) < least || static_cast<T>(*n) > most)
    return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  target = static_cast<T>(*n);
  return {};
}

template <class T>
key_spec number(const char* section, const char* name, T options::*member, T least,
                T most = std::numeric_limits<std::int32_t>::max()) {
  return {
      section, name,
      [=](config& c, const toml::node& n) { return set_number(c.engine.*member, n, least, most); },
      [=](const config& c) { return std::to_string(c.engine.*member); }};
}

key_spec flag(const char* section, const char* name, bool options::*member) {
  return {section, name,
          [=](config& c, const toml::node& n) -> std::string {
            const auto b = n.value_exact<bool>();
            if (!b)
              return "must be true or false";
            c.engine.*member = *b;
            return {};
          },
          [=](const config& c) { return c.engine.*member ? "true" : "false"; }};
}

template <class Duration>
key_spec duration(const char* section, const char* name, Duration options::*member,
                  Duration least) {
  return {section, name,
          [=](config& c, const toml::node& n) -> std::string {
            std::optional<std::chrono::milliseconds> d;
            if (const auto text = n.value_exact<std::string>())
              d = parse_duration(*text);
            else if (const auto seconds = n.value_exact<std::int64_t>();
                     seconds && *seconds >= 0 && *seconds < 1'000'000'000)
              d = std::chrono::seconds(*seconds);
            if (!d || *d < least)
              return "must be a duration such as \"30s\" or \"250ms\" of at least " +
                     to_text(least);
            c.engine.*member = std::chrono::duration_cast<Duration>(*d);
            return {};
          },
          [=](const config& c) { return toml_string(to_text(c.engine.*member)); }};
}

template <class T>
key_spec size(const char* section, const char* name, T options::*member) {
  return {section, name,
          [=](config& c, const toml::node& n) -> std::string {
            std::optional<std::uint64_t> bytes;
            if (const auto text = n.value_exact<std::string>())
              bytes = parse_size(*text);
            else if (const auto plain = n.value_exact<std::int64_t>(); plain && *plain >= 0)
              bytes = static_cast<std::uint64_t>(*plain);
            if (!bytes)
              return "must be a size such as 4096 or \"64MiB\"";
            c.engine.*member = static_cast<T>(*bytes);
            return {};
          },
          [=](const config& c) { return std::to_string(c.engine.*member); }};
}

// A key whose value is one of a few words: `set` gets the index.
key_spec word(const char* section, const char* name, std::vector<std::string> words,
              std::function<void(config&, std::size_t)> set,
              std::function<std::string(const config&)> show) {
  return {
      section, name,
      [=](config& c, const toml::node& n) -> std::string {
        const auto text = n.value_exact<std::string>();
        const auto found = text ? std::find(words.begin(), words.end(), *text) : words.end();
        if (found == words.end()) {
          std::string message = "must be ";
          for (std::size_t i = 0; i < words.size(); ++i)
            message += (i == 0 ? "" : i + 1 < words.size() ? ", " : " or ") + toml_string(words[i]);
          return message + (text ? did_you_mean(*text, words) : std::string());
        }
        set(c, static_cast<std::size_t>(found - words.begin()));
        return {};
      },
      [=](const config& c) { return toml_string(show(c)); }};
}

// A text of the section [serve]; `check` returns the problem with it.
key_spec serve_text(const char* name, std::string serve_config::*member,
                    std::function<std::string(const std::string&)> check) {
  return {"serve", name,
          [=](config& c, const toml::node& n) -> std::string {
            const auto text = n.value_exact<std::string>();
            if (!text)
              return "must be a text";
            if (auto wrong = check(*text); !wrong.empty())
              return wrong;
            c.serve.*member = *text;
            return {};
          },
          [=](const config& c) { return toml_string(c.serve.*member); }};
}

std::string any_text(const std::string&) {
  return {};
}

key_spec serve_flag(const char* name, bool serve_config::*member) {
  return {"serve", name,
          [=](config& c, const toml::node& n) -> std::string {
            const auto b = n.value_exact<bool>();
            if (!b)
              return "must be true or false";
            c.serve.*member = *b;
            return {};
          },
          [=](const config& c) { return c.serve.*member ? "true" : "false"; }};
}

// A limit of the ports, with the minimum `least`.
key_spec serve_limit(const char* name, std::size_t peer_limits::*member, std::size_t least) {
  return {"serve", name,
          [=](config& c, const toml::node& n) -> std::string {
            std::optional<std::uint64_t> value;
            if (const auto text = n.value_exact<std::string>())
              value = parse_size(*text);
            else if (const auto plain = n.value_exact<std::int64_t>(); plain && *plain >= 0)
              value = static_cast<std::uint64_t>(*plain);
            if (!value || *value < least)
              return "must be a number or a size such as \"64MiB\" of at least " +
                     std::to_string(least);
            c.serve.limits.*member = static_cast<std::size_t>(*value);
            return {};
          },
          [=](const config& c) { return std::to_string(c.serve.limits.*member); }};
}

key_spec serve_limit(const char* name, std::chrono::milliseconds peer_limits::*member) {
  return {"serve", name,
          [=](config& c, const toml::node& n) -> std::string {
            const auto text = n.value_exact<std::string>();
            const auto d = text ? parse_duration(*text) : std::nullopt;
            if (!d || d->count() <= 0)
              return "must be a duration such as \"30s\" or \"10m\"";
            c.serve.limits.*member = *d;
            return {};
          },
          [=](const config& c) { return toml_string(to_text(c.serve.limits.*member)); }};
}

std::string check_address(const std::string& text) {
  return text.empty() || text == "off" || serve::parse_address(text)
             ? std::string()
             : "must be an address such as \"127.0.0.1:9187\"";
}

// One address, or a list of them.
std::string set_listen(config& c, const toml::node& n) {
  static const std::string wrong =
      "must be an address such as \"127.0.0.1:7000\", or a list with one for each database";
  std::vector<std::string> all;
  const auto add = [&](const toml::node& one) {
    const auto text = one.value_exact<std::string>();
    if (!text || !serve::parse_address(*text))
      return false;
    all.push_back(*text);
    return true;
  };
  if (const auto* list = n.as_array()) {
    for (const auto& one : *list)
      if (!add(one))
        return wrong;
  } else if (!add(n)) {
    return wrong;
  }
  c.serve.listen = std::move(all);
  return {};
}

std::string show_listen(const config& c) {
  std::string out;
  for (const auto& one : c.serve.listen)
    out += (out.empty() ? "" : ", ") + toml_string(one);
  return "[" + out + "]";
}

} // namespace

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00" + hex_text({&c, 1});
      continue;
    }
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

namespace {

std::vector<key_spec> engine_keys() {
  using namespace std::chrono_literals;
  using o = options;
  static const std::vector<std::string> sync{"off", "normal", "full"};
  static const std::vector<std::string> temp{"file", "memory"};
  return {
      number<int>("engine", "num_workers", &o::num_workers, 1, defaults::max_num_workers),
      number<std::size_t>("engine", "max_leases", &o::max_leases, 0),
      flag("engine", "debug", &o::debug),
      flag("engine", "read_only", &o::read_only),
      word(
          "engine", "synchronous", sync,
          [](config& c, std::size_t i) { c.engine.synchronous = static_cast<synchronous>(i); },
          [](const config& c) { return sync[static_cast<std::size_t>(c.engine.synchronous)]; }),
      size("engine", "cache_size", &o::cache_size),
      size("engine", "mmap_size", &o::mmap_size),
      duration("engine", "busy_timeout", &o::busy_timeout, std::chrono::milliseconds(0ms)),
      flag("engine", "foreign_keys", &o::foreign_keys),
      word(
          "engine", "temp_store", temp,
          [](config& c, std::size_t i) { c.engine.temp_store = static_cast<temp_store>(i); },
          [](const config& c) { return temp[static_cast<std::size_t>(c.engine.temp_store)]; }),
      duration("engine", "request_timeout", &o::request_timeout, std::chrono::milliseconds(1ms)),
      duration("engine", "shutdown_timeout", &o::shutdown_timeout, std::chrono::milliseconds(0ms)),
      number<std::size_t>("engine", "max_queue", &o::max_queue, 1),
      size("engine", "max_queue_bytes", &o::max_queue_bytes),
      number<std::size_t>("engine", "max_rows", &o::max_rows, 0),
      size("engine", "max_result_bytes", &o::max_result_bytes),
  };
}

std::vector<key_spec> backup_keys() {
  using namespace std::chrono_literals;
  using o = options;
  return {
      flag("backup", "enabled", &o::backup_enabled),
      duration("backup", "interval", &o::backup_interval, defaults::min_backup_interval),
      {"backup", "dir",
       [](config& c, const toml::node& n) -> std::string {
         const auto text = n.value_exact<std::string>();
         if (!text || text->empty())
           return "must be the path of a folder";
         c.engine.backup_dir = *text;
         return {};
       },
       [](const config& c) { return toml_string(c.engine.backup_dir.string()); }},
      flag("backup", "cleanup_enabled", &o::backup_cleanup_enabled),
      number<int>("backup", "cleanup_keep_count", &o::backup_cleanup_keep_count, 1),
      duration("backup", "cleanup_max_age", &o::backup_cleanup_max_age, std::chrono::seconds(0s)),
      size("backup", "cleanup_max_bytes", &o::backup_cleanup_max_bytes),
      flag("backup", "compress", &o::backup_compress),
      number<int>("backup", "pages_per_step", &o::backup_pages_per_step, 1),
      duration("backup", "pause", &o::backup_pause, std::chrono::milliseconds(0ms)),
      size("backup", "wal_limit", &o::backup_wal_limit),
  };
}

std::vector<key_spec> output_keys() {
  static const std::vector<std::string> formats{"table", "csv", "json", "jsonl", "line", "md"};
  static const std::vector<std::string> colours{"auto", "always", "never"};
  return {
      word(
          "output", "format", formats, [](config& c, std::size_t i) { c.format = formats[i]; },
          [](const config& c) { return c.format; }),
      word(
          "output", "color", colours, [](config& c, std::size_t i) { c.color = colours[i]; },
          [](const config& c) { return c.color; }),
  };
}

std::vector<key_spec> serve_keys() {
  static const auto& levels = serve::log_levels();
  static const auto& log_formats = serve::log_formats();
  return {
      serve_text("http", &serve_config::http, check_address),
      {"serve", "listen", set_listen, show_listen},
      serve_flag("read_only", &serve_config::read_only),
      serve_text("tls_cert", &serve_config::tls_cert, any_text),
      serve_text("tls_key", &serve_config::tls_key, any_text),
      serve_text("tls_ca", &serve_config::tls_ca, any_text),
      serve_flag("insecure", &serve_config::insecure),
      serve_flag("allow_backup", &serve_config::allow_backup),
      serve_limit("max_connections", &peer_limits::max_connections, 1),
      serve_limit("max_frame_bytes", &peer_limits::max_frame_bytes, 4096),
      serve_limit("max_in_flight_requests", &peer_limits::max_in_flight_requests, 1),
      serve_limit("max_in_flight_bytes", &peer_limits::max_in_flight_bytes, 4096),
      serve_limit("max_answer_bytes", &peer_limits::max_answer_bytes, 4096),
      serve_limit("max_total_answer_bytes", &peer_limits::max_total_answer_bytes, 4096),
      serve_limit("max_cursors", &peer_limits::max_cursors, 1),
      serve_limit("max_cursor_age", &peer_limits::max_cursor_age),
      serve_limit("max_timeout", &peer_limits::max_timeout),
      word(
          "serve", "log_level", levels,
          [](config& c, std::size_t i) { c.serve.log_level = levels[i]; },
          [](const config& c) { return c.serve.log_level; }),
      word(
          "serve", "log_format", log_formats,
          [](config& c, std::size_t i) { c.serve.log_format = log_formats[i]; },
          [](const config& c) { return c.serve.log_format; }),
  };
}

} // namespace

const std::vector<key_spec>& keys() {
  static const std::vector<key_spec> all = [] {
    std::vector<key_spec> sum;
    for (auto&& section : {engine_keys(), backup_keys(), output_keys(), serve_keys()})
      sum.insert(sum.end(), section.begin(), section.end());
    return sum;
  }();
  return all;
}

} // namespace dbengine::app
