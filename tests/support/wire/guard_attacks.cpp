// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "support/wire/guard_attacks.hpp"

#include "support/wire/guard_wire.hpp"

namespace dbengine::test {

namespace {

constexpr std::uint64_t response = 0x8000'0000'0000'0000;

/// Connects, shakes hands, sends, and waits for the answer or the end of the connection.
void send_shaken(const connector& connect, const std::function<bytes(const raw_peer&)>& what) {
  auto peer = connect();
  if (!peer.open() || !peer.shake_hands())
    return;
  peer.send(what(peer));
  // A further frame shows that the bytes before it were read; the peer may be closed by then.
  peer.send(frame(6, 0, 0, 0, 0));
  peer.finish();
  peer.closed_within(2'000);
}

void send_raw(const connector& connect, const bytes& what) {
  auto peer = connect();
  if (!peer.open())
    return;
  peer.send(what);
  peer.finish();
  peer.closed_within(2'000);
}

attack shaken(const char* name, bool deadly, std::function<bytes(const raw_peer&)> what) {
  return {name, deadly,
          [what](const connector& connect, std::uint32_t) { send_shaken(connect, what); }};
}

attack raw(const char* name, bool deadly, bytes what) {
  return {name, deadly,
          [what](const connector& connect, std::uint32_t) { send_raw(connect, what); }};
}

/// A direct message of one type to the gateway.
attack typed(const char* name, bool deadly, const char* type, bytes members, std::uint64_t id = 1) {
  return shaken(name, deadly,
                [=](const raw_peer& p) { return p.message(content(type, members), id); });
}

bytes named(const raw_peer& p, std::string_view receiver, std::string_view payload) {
  (void)p;
  return frame(2, 1, normal_request | 1, 7, atom(receiver), payload);
}

bytes actor_handle(const raw_peer& p, std::uint64_t id, const bytes& at) {
  (void)p;
  return u64(id) + at;
}

bytes nested_message(int depth) {
  bytes result = u8(0);
  for (int i = 0; i < depth; ++i)
    result += u16(0) + text("@<>+@message");
  return result + u16(0) + text("@<>");
}

/// exit_msg and down_msg: an actor address and an error.
bytes end_message(const bytes& address) {
  return address + u8(1) + u64(atom("exit")) + u16(0) + text("@<>");
}

// Before the handshake.
void add_early(std::vector<attack>& all) {
  const bytes good = request_content(0, 1, "x");
  all.push_back(raw("one frame of 0x01 and 31 zeros", true, u8(1) + bytes(31, '\0')));
  all.push_back(raw("32 zeros", false, bytes(32, '\0')));
  all.push_back(
      raw("a header of 4 GB", true, header(1, 0, 0xFFFF'FFFF, 0, 0, 0) + bytes(1024, 'x')));
  all.push_back(
      raw("a message without a handshake", false, frame(2, 0, normal_request | 1, 7, 6, good)));
  all.push_back(raw("a handshake of an URI node", false,
                    frame(1, 0, 0, 0, 0, u64(atom("uri")) + text("caf:node"))));
  all.push_back(raw("a handshake of nobody", false, frame(1, 0, 0, 0, 0, u64(atom("")))));
  all.push_back(raw("a handshake of all zeros", false, frame(1, 0, 0, 0, 0, bytes(32, '\0'))));
  all.push_back(raw("a handshake with a version", false, frame(1, 0, 4, 0, 0, node(1, 'v'))));
  all.push_back(raw("half a handshake", false, frame(1, 0, 0, 0, 0, node(1, 'h')).substr(0, 40)));
  all.push_back(
      raw("a server's handshake from a client", false,
          frame(0, 0, 3, 0, 0,
                node(1, 's') + varbyte(1) + text("generic-caf-app") + u64(1) + varbyte(0))));
  all.push_back(
      raw("a web browser", false,
          "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html,application/xml\r\n\r\n"));
  all.push_back(
      {"handshakes by the thousand", false, [](const connector& connect, std::uint32_t many) {
         for (std::uint32_t i = 1; i <= many; ++i) {
           auto peer = connect();
           if (!peer.open())
             return;
           peer.self = node(i, 'n');
           peer.send(peer.handshake());
           peer.finish();
           peer.closed_within(1'000);
         }
       }});
}

// Headers.
void add_headers(std::vector<attack>& all) {
  const bytes good = request_content(0, 1, "x");
  all.push_back(shaken("a message of 4 GB", true, [](const raw_peer& p) {
    return header(2, 0, 0xFFFF'FFFF, normal_request | 1, 7, p.gateway) + bytes(1024, 'x');
  }));
  all.push_back(shaken("an unknown operation", false,
                       [](const raw_peer& p) { return frame(7, 0, 0, 0, p.gateway); }));
  all.push_back(shaken("an unknown flag", false, [=](const raw_peer& p) {
    return frame(2, 0x80, normal_request | 1, 7, p.gateway, good);
  }));
  all.push_back(shaken("a heartbeat with a payload", false,
                       [](const raw_peer&) { return frame(6, 0, 0, 0, 0, "boom"); }));
  all.push_back(shaken("a message without payload", false, [](const raw_peer& p) {
    return frame(2, 0, normal_request | 1, 7, p.gateway);
  }));
  all.push_back(shaken("a request of actor 0", false,
                       [=](const raw_peer& p) { return p.message(good, 1, 0); }));
  all.push_back(shaken("an answer to nothing", false,
                       [=](const raw_peer& p) { return p.message(good, response | 1); }));
  all.push_back(shaken("an upstream message", false, [=](const raw_peer& p) {
    return frame(2, 0, 0x2000'0000'0000'0001, 7, p.gateway, good);
  }));
  all.push_back(shaken("handshakes without end", false, [](const raw_peer& p) {
    bytes result;
    for (int i = 0; i < 100; ++i)
      result += p.handshake(2);
    return result;
  }));
  all.push_back(shaken("a second handshake as another node", false,
                       [](const raw_peer&) { return frame(1, 2, 0, 0, 0, node(99, 'z')); }));
  all.push_back(shaken("a handshake as the server itself", false, [](const raw_peer& p) {
    return frame(1, 0, 0, 0, 0, p.server) + p.message(request_content(0, 1, "x"), 1);
  }));
}

// Other receivers and other operations.
void add_receivers(std::vector<attack>& all) {
  const bytes good = request_content(0, 1, "x");
  all.push_back(shaken("a spawn by SpawnServ", false, [](const raw_peer& p) {
    return named(
        p, "SpawnServ",
        content("@atom+@str+@message", u64(atom("spawn")) + text("any") + u16(0) + text("@<>")));
  }));
  all.push_back(shaken("a question to ConfigServ", false, [](const raw_peer& p) {
    return named(p, "ConfigServ", content("@atom+@str", u64(atom("get")) + text("*")));
  }));
  all.push_back(shaken("an exit message to each actor by number", true, [](const raw_peer& p) {
    bytes result;
    auto payload = content("@exit", end_message(u64(7) + p.self));
    for (std::uint64_t id = 1; id <= 200; ++id)
      result += frame(2, 0, normal_request, 7, id, payload);
    return result;
  }));
  all.push_back(shaken("a routed message", true, [=](const raw_peer& p) {
    return frame(3, 0, normal_request | 1, 7, p.gateway,
                 node(5, 'r') + p.server + content("@exit", end_message(u64(7) + p.self)));
  }));
  all.push_back(shaken("a routed message from the server itself", false, [=](const raw_peer& p) {
    return frame(3, 0, normal_request | 1, p.gateway, p.gateway, p.server + p.server + good);
  }));
  all.push_back(shaken("routes to 1,000 nodes", false, [=](const raw_peer& p) {
    bytes result;
    for (std::uint32_t i = 1; i <= 1'000; ++i)
      result += frame(3, 0, normal_request | 1, 7, p.gateway, node(i, 'i') + p.server + good);
    return result;
  }));
}

// Ends and monitors of actors.
void add_ends(std::vector<attack>& all) {
  all.push_back(shaken("a forged end of an actor", false, [](const raw_peer& p) {
    return frame(5, 0, 0, p.gateway, 0,
                 p.self + p.server + u8(1) + u64(atom("exit")) + u16(0) + text("@<>"));
  }));
  all.push_back(shaken("a nested error in a forged end", true, [](const raw_peer& p) {
    return frame(5, 0, 0, 7, 0,
                 p.self + p.server + u8(1) + u64(atom("exit")) + nested_message(200'000).substr(1));
  }));
  all.push_back(shaken("monitors of other actors", false, [](const raw_peer& p) {
    bytes result;
    for (std::uint64_t id = 0; id <= 300; ++id)
      result += frame(4, 0, 0, 0, id, p.self + p.server);
    return result;
  }));
  all.push_back(shaken("a monitor in another's name", false, [](const raw_peer& p) {
    return frame(4, 0, 0, 0, p.gateway, node(77, 'm') + p.server);
  }));
  all.push_back(shaken("a monitor of a third node", false, [](const raw_peer& p) {
    return frame(4, 0, 0, 0, p.gateway, p.self + node(77, 'm'));
  }));
}

// Contents: messages of the system, and stacks of actors.
void add_contents(std::vector<attack>& all) {
  const bytes huge = varbyte(0xFFFF'FFFF);
  all.push_back(shaken("a forged exit message to the gateway", true, [](const raw_peer& p) {
    return p.message(content("@exit", end_message(u64(7) + p.self)));
  }));
  all.push_back(shaken("a forged exit message as a request", true, [](const raw_peer& p) {
    return p.message(content("@exit", end_message(u64(7) + p.self)), 1);
  }));
  all.push_back(shaken("a forged down message", false, [](const raw_peer& p) {
    return p.message(content("@down", end_message(u64(7) + p.self)));
  }));
  all.push_back(shaken("a link", true, [](const raw_peer& p) {
    return p.message(
        content("@atom+@strong_actor_ptr", u64(atom("link")) + actor_handle(p, 7, p.self)));
  }));
  all.push_back(shaken("a link with the gateway itself", true, [](const raw_peer& p) {
    return p.message(content("@atom+@strong_actor_ptr",
                             u64(atom("link")) + actor_handle(p, p.gateway, p.server)));
  }));
  all.push_back(shaken("an unlink of a local actor", true, [](const raw_peer& p) {
    return p.message(content("@atom+@strong_actor_ptr",
                             u64(atom("unlink")) + actor_handle(p, p.gateway, p.server)));
  }));
  all.push_back(shaken("messages nested 200,000 deep", true,
                       [](const raw_peer& p) { return p.message(nested_message(200'000), 1); }));
  all.push_back(shaken("a stack of 4 G actor handles", false,
                       [=](const raw_peer& p) { return p.message(huge + u64(1), 1); }));
  all.push_back(shaken("a stack with the handles of 1,000 actors", false, [](const raw_peer& p) {
    bytes stack = varbyte(1'000);
    for (std::uint64_t i = 1; i <= 1'000; ++i)
      stack += u64(i) + node(static_cast<std::uint32_t>(i), 'k');
    return p.message(stack + request_content(0, 1, "x").substr(1), 1);
  }));
}

// Contents by type.
void add_types(std::vector<attack>& all) {
  const bytes huge = varbyte(0xFFFF'FFFF);
  all.push_back(typed("a buffer of 4 GB", true, "@charbuf", huge));
  all.push_back(typed("a buffer of 4 GB in a send", true, "@charbuf", huge, 0));
  all.push_back(typed("a list of 4 G texts", false, "@strvec", huge + text("x")));
  all.push_back(typed("a list of 4 G handles", false, "@actorvec", huge + u64(1)));
  all.push_back(
      typed("a list longer than the frame", false, "@strvec", varbyte(1'000'000) + text("x")));
  all.push_back(typed("a text of 4 G wide characters", false, "@u16str", huge));
  all.push_back(typed("a stream", false, "@open_stream_msg", u64(1) + u64(1)));
  all.push_back(typed("a group", false, "@group", text("local") + text("x")));
  all.push_back(typed("a remote group of ourselves", false, "@group",
                      text("remote") + text("x@127.0.0.1:1")));
  all.push_back(typed("an error with a context", true, "@error",
                      u8(1) + u64(atom("exit")) + u16(0) + text("@<>+@str") + text("x")));
  all.push_back(typed("a timeout", false, "@timeout", u64(0) + u64(1)));
  all.push_back(typed("an unknown type", false, "no::such::type", text("x")));
  all.push_back(typed("a type name of zeros", false, "", bytes(64, '\0')));
  all.push_back(typed("a type name that is not UTF-8", false, "\xff\xfe\xc0\x80", "x"));
  all.push_back(typed(
      "1,000 types in one message", false,
      [] {
        static bytes name = [] {
          bytes result = "@u8";
          for (int i = 0; i < 999; ++i)
            result += "+@u8";
          return result;
        }();
        return name.c_str();
      }(),
      bytes(1'000, 'x')));
}

// Names of types, and requests.
void add_requests(std::vector<attack>& all) {
  const bytes huge = varbyte(0xFFFF'FFFF);
  const bytes good = request_content(0, 1, "x");
  all.push_back(shaken("a type number", false, [](const raw_peer& p) {
    return p.message(u8(0) + u16(30) + bytes(64, 'x'), 1);
  }));
  all.push_back(shaken("a type name of 4 GB", false, [=](const raw_peer& p) {
    return p.message(u8(0) + u16(0) + huge + "x", 1);
  }));
  all.push_back(shaken("a name without an end", false, [](const raw_peer& p) {
    return p.message(u8(0) + u16(0) + bytes(4'096, '\xff'), 1);
  }));
  all.push_back(shaken("a request cut short", false, [=](const raw_peer& p) {
    return p.message(good.substr(0, good.size() - 1), 1);
  }));
  all.push_back(shaken("a request with a tail", false,
                       [=](const raw_peer& p) { return p.message(good + "tail", 1); }));
  all.push_back(shaken("a request with a text of 4 GB", false, [=](const raw_peer& p) {
    return p.message(content(wire_request_name, u8(0) + u64(1) + huge + "x"), 1);
  }));
  all.push_back(shaken("a request with an overlong length", false, [](const raw_peer& p) {
    return p.message(content(wire_request_name, u8(0) + u64(1) + bytes(200, '\x80') + u8(1) + "x"),
                     1);
  }));
  all.push_back(shaken("the answer's type as a request", false, [](const raw_peer& p) {
    return p.message(content("dbengine::test::wire_answer", u8(0) + u64(1) + text("x")), 1);
  }));
  all.push_back(shaken("a request twice in one message", false, [](const raw_peer& p) {
    bytes members = u8(0) + u64(1) + text("x");
    return p.message(content(bytes{wire_request_name} + "+" + wire_request_name, members + members),
                     1);
  }));
  all.push_back(shaken("100,000 requests of as many actors", false, [=](const raw_peer& p) {
    bytes result;
    for (std::uint64_t i = 1; i <= 100'000; ++i)
      result += p.message(good, i, i + 1'000'000);
    return result;
  }));
}

std::vector<attack> make_attacks() {
  std::vector<attack> all;
  for (auto* add :
       {add_early, add_headers, add_receivers, add_ends, add_contents, add_types, add_requests})
    add(all);
  return all;
}

} // namespace

const std::vector<attack>& attacks() {
  static const std::vector<attack> all = make_attacks();
  return all;
}

} // namespace dbengine::test
