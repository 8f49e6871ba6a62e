// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// Why not caf::openssl::session? It reads the three files again for each connection and aborts the
// process if one is missing. It spins on a core while a peer delays the handshake, and blocks
// signals around each call. Stock caf::openssl clients can still connect.
#include "guard/transport.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fstream>

namespace dbengine::actors::guard {

namespace {

struct ssl_delete {
  void operator()(SSL* x) const { SSL_free(x); }
  void operator()(SSL_CTX* x) const { SSL_CTX_free(x); }
  void operator()(BIO_METHOD* x) const { BIO_meth_free(x); }
};
using ssl_ptr = std::unique_ptr<SSL, ssl_delete>;
using ctx_ptr = std::unique_ptr<SSL_CTX, ssl_delete>;
using method_ptr = std::unique_ptr<BIO_METHOD, ssl_delete>;

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: after a peer's disconnect this process
// would get SIGPIPE.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool again() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  auto put =
      ::send(socket_of(bio), from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (put < 0 && again())
    BIO_set_retry_write(bio);
  return static_cast<int>(put);
}

int bio_read(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  auto got = ::recv(socket_of(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && again())
    BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* socket_method() {
  static const method_ptr method = [] {
    method_ptr result{BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "dbengine socket")};
    if (result) {
      BIO_meth_set_write(result.get(), bio_write);
      BIO_meth_set_read(result.get(), bio_read);
      BIO_meth_set_ctrl(result.get(), bio_control);
      BIO_meth_set_create(result.get(), bio_create);
    }
    return result;
  }();
  return method.get();
}

std::string last_error() {
  char text[256] = "unknown reason";
  if (auto code = ERR_peek_last_error())
    ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return text;
}

class tls_transport final : public transport {
public:
  /// `demanded`: the name that the other side's certificate must contain, for the error's text.
  tls_transport(ssl_ptr ssl, int socket, tls_side side, std::string demanded)
      : ssl_(std::move(ssl)), socket_(socket), side_(side), demanded_(std::move(demanded)) {}

  io_status read(char* to, std::size_t size, std::size_t& count) override {
    if (!established_)
      if (auto status = handshake(); status != io_status::done)
        return status;
    ERR_clear_error();
    auto got = SSL_read(ssl_.get(), to, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    if (got <= 0)
      return status_of(got, SSL_ERROR_WANT_READ);
    count = static_cast<std::size_t>(got);
    return io_status::done;
  }

  io_status write(const char* from, std::size_t size, std::size_t& count) override {
    ERR_clear_error();
    auto put = SSL_write(ssl_.get(), from, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    if (put <= 0)
      return status_of(put, SSL_ERROR_WANT_WRITE);
    count = static_cast<std::size_t>(put);
    return io_status::done;
  }

  bool established() const override { return established_; }
  bool has_buffered() const override { return SSL_pending(ssl_.get()) > 0; }
  close_reason failure() const override { return failure_; }
  std::string detail() const override { return detail_; }
  bool untrusted() const override { return SSL_get_verify_result(ssl_.get()) != X509_V_OK; }

private:
  io_status handshake() {
    if (first_ && side_ == tls_side::server) {
      char peek = 0;
      auto got = ::recv(socket_, &peek, 1, MSG_PEEK | MSG_DONTWAIT);
      if (got < 0 && again())
        return io_status::would_block;
      first_ = false;
      // 0x01: a BASP client handshake in plain.
      if (got == 1 && peek == 0x01) {
        failure_ = close_reason::tls_required;
        return io_status::failed;
      }
    }
    ERR_clear_error();
    auto result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      established_ = true;
      return io_status::done;
    }
    return status_of(result, SSL_ERROR_WANT_READ);
  }

  /// `waits_for`: the direction that this call may wait for. The other direction cannot occur with
  /// a fresh socket and without renegotiation, unless the peer sends key updates and reads nothing.
  io_status status_of(int result, int waits_for) {
    auto code = SSL_get_error(ssl_.get(), result);
    if (code == waits_for)
      return io_status::would_block;
    if (established_ &&
        (code == SSL_ERROR_ZERO_RETURN || (code == SSL_ERROR_SYSCALL && errno != EPROTO)))
      return io_status::closed;
    failure_ = close_reason::tls_failed;
    if (side_ == tls_side::client) {
      const auto verified = SSL_get_verify_result(ssl_.get());
      const bool name =
          verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH;
      detail_ = name ? "the server's certificate does not carry the name \"" + demanded_ + "\""
                : verified != X509_V_OK      ? X509_verify_cert_error_string(verified)
                : ERR_peek_last_error() != 0 ? last_error()
                                             : "the server closed the connection";
    }
    return io_status::failed;
  }

  ssl_ptr ssl_;
  int socket_;
  tls_side side_;
  std::string demanded_;
  std::string detail_;
  bool first_ = true;
  bool established_ = false;
  close_reason failure_ = close_reason::tls_failed;
};

/// The other side's certificate must contain this name, an address as an address. Its common name
/// does not count.
bool demand(SSL* ssl, const std::string& name) {
  auto* rules = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                             X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const auto address = name.substr(0, name.find('%')); // without the zone of an IPv6 address
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, address.c_str()) == 1)
    return true;
  ERR_clear_error(); // it is not an address
  return X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1;
}

class context final : public tls_context {
public:
  context(ctx_ptr ctx, tls_side side, std::string server_name)
      : ctx_(std::move(ctx)), side_(side), server_name_(std::move(server_name)) {}

  std::unique_ptr<transport> start(int socket) override {
    ssl_ptr ssl{SSL_new(ctx_.get())};
    auto* method = socket_method();
    auto* bio = ssl && method ? BIO_new(method) : nullptr;
    if (bio == nullptr)
      return nullptr;
    if (!server_name_.empty() && !demand(ssl.get(), server_name_)) {
      BIO_free(bio);
      return nullptr;
    }
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    SSL_set_bio(ssl.get(), bio, bio);
    if (side_ == tls_side::server)
      SSL_set_accept_state(ssl.get());
    else
      SSL_set_connect_state(ssl.get());
    return std::make_unique<tls_transport>(std::move(ssl), socket, side_, server_name_);
  }

private:
  ctx_ptr ctx_;
  tls_side side_;
  std::string server_name_;
};

} // namespace

std::shared_ptr<tls_context> load_tls(const tls& files, std::string& error, tls_side side,
                                      std::string server_name) {
  for (const auto& [what, path] :
       {std::pair{"certificate", &files.certificate}, std::pair{"private key", &files.key},
        std::pair{"CA", &files.ca}}) {
    if (path->empty() || !std::ifstream{*path}) {
      error = std::string{"TLS: cannot read the "} + what + " file '" + *path + "'";
      return nullptr;
    }
  }
  ERR_clear_error();
  ctx_ptr ctx{SSL_CTX_new(side == tls_side::server ? TLS_server_method() : TLS_client_method())};
  auto fail = [&](const std::string& what) -> std::shared_ptr<tls_context> {
    error = "TLS: " + what + ": " + last_error();
    return nullptr;
  };
  if (ctx) // otherwise OpenSSL would ask for a password at the terminal
    SSL_CTX_set_default_passwd_cb(ctx.get(), [](char*, int, int, void*) { return -1; });
  if (!ctx || SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION) != 1)
    return fail("no context");
  if (SSL_CTX_use_certificate_chain_file(ctx.get(), files.certificate.c_str()) != 1)
    return fail("no certificate in '" + files.certificate + "'");
  if (SSL_CTX_use_PrivateKey_file(ctx.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail("no private key of the certificate in '" + files.key +
                "' (a key with a password cannot be used)");
  struct stat key {};
  if (::stat(files.key.c_str(), &key) == 0 && (key.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    error = "TLS: every user of this machine may read or write the private key '" + files.key +
            "': remove that permission (chmod o-rw)";
    return nullptr;
  }
  if (SSL_CTX_check_private_key(ctx.get()) != 1)
    return fail("the key does not belong to the certificate");
  if (SSL_CTX_load_verify_locations(ctx.get(), files.ca.c_str(), nullptr) != 1)
    return fail("no CA certificate in '" + files.ca + "'");
  if (auto* names = side == tls_side::server ? SSL_load_client_CA_file(files.ca.c_str()) : nullptr)
    SSL_CTX_set_client_CA_list(ctx.get(), names);
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_set_cipher_list(ctx.get(), "HIGH:!aNULL:!MD5") != 1)
    return fail("no cipher");
  // Sessions are never resumed: each connection proves its certificate again.
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx.get(), 0);
  SSL_CTX_set_options(ctx.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  return std::make_shared<context>(std::move(ctx), side, std::move(server_name));
}

} // namespace dbengine::actors::guard
