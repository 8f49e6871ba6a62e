// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Messages as readable text: `deep_to_string`, CAF's log, failed checks of tests.

#include "system/message_codec.hpp"

#include <charconv>
#include <type_traits>

namespace dbengine::actors {

using base::describe;

namespace {

// A log line shows what a message is about; the whole of a large one would hide that.
constexpr std::size_t text_max = 256;
constexpr std::size_t elements_max = 16;

/// An archive of `describe`, beside the codec's two. Thread safety: none.
class text_writer {
public:
  static constexpr bool decoding = false;

  template <class... Ts>
  void operator()(const Ts&... xs) {
    (field(xs), ...);
  }
  std::string take() { return std::move(out_); }

private:
  template <class T>
  void field(const T& x) {
    if (!out_.empty() && out_.back() != '(' && out_.back() != '[')
      out_ += ", ";
    put(x);
  }

  void put(bool x) { out_ += x ? "true" : "false"; }
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(T x) {
    char text[32];
    out_.append(text, std::to_chars(text, text + sizeof text, x).ptr);
  }
  template <class T>
  requires std::is_enum_v<T>
  void put(T x) {
    if constexpr (requires { std::string_view(to_string(x)); })
      out_ += to_string(x);
    else
      put(static_cast<int>(x));
  }
  void put(const std::string& s) {
    out_ += '"';
    for (const char c : std::string_view(s).substr(0, text_max)) {
      if (c == '"' || c == '\\')
        out_ += '\\';
      out_ += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
    out_ += '"';
    if (s.size() > text_max)
      out_ += "... (" + std::to_string(s.size()) + " bytes)";
  }
  void put(const std::filesystem::path& p) { put(p.native()); }
  void put(const blob& b) { out_ += "blob of " + std::to_string(b.size()) + " bytes"; }
  template <class R, class P>
  void put(const std::chrono::duration<R, P>& d) {
    put(std::chrono::duration<double>(d).count());
    out_ += 's';
  }
  void put(const wall_time& t) { put(t.time_since_epoch()); }
  template <class T>
  void list(const T& xs) {
    out_ += '[';
    std::size_t n = 0;
    for (const auto& x : xs)
      if (n++ < elements_max)
        field(x);
    if (n > elements_max)
      out_ += ", and " + std::to_string(n - elements_max) + " more";
    out_ += ']';
  }
  template <class T>
  void put(const std::vector<T>& v) {
    list(v);
  }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& v) {
    list(v);
  }
  template <class T>
  void put(const std::optional<T>& x) {
    if (x)
      put(*x);
    else
      out_ += "none";
  }
  void put(const value& v) {
    std::visit(
        [this](const auto& x) {
          if constexpr (std::is_same_v<std::decay_t<decltype(x)>, std::monostate>)
            out_ += "NULL";
          else
            put(x);
        },
        v.data());
  }
  void put(const params& p) {
    if (!p.named())
      return list(p.values());
    out_ += '[';
    for (std::size_t i = 0; i < std::min(p.size(), elements_max); ++i) {
      out_ += (i == 0 ? "" : ", ") + p.names()[i] + "=";
      put(p.values()[i]);
    }
    if (p.size() > elements_max)
      out_ += ", and " + std::to_string(p.size() - elements_max) + " more";
    out_ += ']';
  }
  void put(const rows& r) {
    out_ +=
        std::to_string(r.size()) + " rows of " + std::to_string(r.columns().size()) + " columns";
  }
  void put(const operation_result& r) {
    if (r.is_rows())
      put(r.rows());
    else
      structure(r.write());
  }
  void put(const call_options& o) {
    const call_options usual;
    out_ += "options(";
    const auto option = [&](const char* name, const auto& x, const auto& usually) {
      if (x == usually)
        return;
      if (out_.back() != '(')
        out_ += ", ";
      out_ += std::string(name) + "=";
      put(x);
    };
    option("timeout", o.timeout, usual.timeout);
    option("priority", o.priority, usual.priority);
    option("id", o.id, usual.id);
    option("cancel_token", o.cancel_token, usual.cancel_token);
    option("read_only", o.read_only, usual.read_only);
    option("max_result_bytes", o.max_result_bytes, usual.max_result_bytes);
    option("peer", o.peer, usual.peer);
    out_ += ')';
  }
  template <class T>
  requires requires(text_writer& a, T& x) { describe(a, x); }
  void put(const T& x) { structure(x); }
  template <class T>
  void structure(const T& x) {
    out_ += '(';
    describe(*this, const_cast<T&>(x));
    out_ += ')';
  }

  std::string out_;
};

/// CAF writes the parentheses, with the message's name.
template <class T>
std::string text_of(const T& x) {
  text_writer w;
  if constexpr (requires { describe(w, const_cast<T&>(x)); })
    describe(w, const_cast<T&>(x));
  else
    w(x);
  return w.take();
}

} // namespace

namespace wire {

#define DBENGINE_WIRE(type, ...)                                                                   \
  std::string print(const type& x) {                                                               \
    return text_of(x);                                                                             \
  }
DBENGINE_MESSAGES(DBENGINE_WIRE)
DBENGINE_WIRE(std::vector<operation_result>)
#undef DBENGINE_WIRE

} // namespace wire

} // namespace dbengine::actors
