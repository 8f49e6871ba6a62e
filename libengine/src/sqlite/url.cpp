// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/url.hpp"

#include "vfs/memory_vfs.hpp"

#include <dbengine/error.hpp>

#include <algorithm>
#include <cctype>

namespace dbengine::sqlite {

namespace {

[[noreturn]] void refuse(std::string_view url, std::string_view part, const std::string& why) {
  throw error(errc::invalid_url, "\"" + std::string(url.substr(0, 200)) + "\": " + why + " at \"" +
                                     std::string(part.substr(0, 80)) + "\"");
}

// Percent-decodes the path of a file: URI, as SQLite does.
std::string decode(std::string_view url, std::string_view text) {
  std::string out;
  const auto hex = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
      refuse(url, text.substr(i), "a % without two hexadecimal digits");
    const char c = static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    if (c == '\0')
      refuse(url, text.substr(i), "a NUL byte");
    out += c;
    i += 2;
  }
  return out;
}

// Applies one parameter of the query. Returns true if SQLite must see the parameter, too.
bool apply_parameter(location& loc, std::string_view url, std::string_view item) {
  const auto eq = item.find('=');
  const auto key = item.substr(0, eq);
  const auto val = eq == item.npos ? std::string_view{} : item.substr(eq + 1);
  if (key == "uri") { // marks a URI for SQLAlchemy; SQLite does not know it
    if (val != "true" && val != "1")
      refuse(url, item, "uri must be true");
    return false;
  }
  if (key == "mode") { // the engine opens each connection with its own flags
    if (val == "ro")
      loc.read_only = true;
    else if (val == "rw")
      loc.create = false;
    else if (val == "memory")
      loc.memory = true;
    else if (val != "rwc")
      refuse(url, item, "mode must be ro, rw, rwc or memory");
    return false;
  }
  if (key == "cache") {
    if (val != "private")
      refuse(url, item, "a shared cache breaks the engine's isolation");
    return false;
  }
  if (key == "vfs") {
    loc.vfs = std::string(val);
    return false;
  }
  if (key == "immutable") {
    if (val != "1" && val != "true")
      refuse(url, item, "immutable must be 1");
    loc.read_only = true;
    return true;
  }
  if (key != "psow")
    refuse(url, item, "an unknown parameter of the file: URI");
  return true;
}

location parse_file_uri(std::string_view url, std::string_view uri) {
  location loc;
  loc.uri = true;
  const auto question = uri.find('?');
  auto path = uri.substr(5, question == uri.npos ? uri.npos : question - 5);
  if (path.starts_with("//")) {
    const auto slash = path.find('/', 2);
    const auto authority = path.substr(2, slash == path.npos ? path.npos : slash - 2);
    if (!authority.empty() && authority != "localhost")
      refuse(url, authority, "a file: URI names another machine");
    path = slash == path.npos ? std::string_view{} : path.substr(slash);
  }
  std::string query;
  auto left = question == uri.npos ? std::string_view{} : uri.substr(question + 1);
  while (!left.empty()) {
    const auto item = left.substr(0, left.find('&'));
    left = item.size() == left.size() ? std::string_view{} : left.substr(item.size() + 1);
    if (apply_parameter(loc, url, item))
      query += (query.empty() ? "?" : "&") + std::string(item);
  }
  const auto decoded = decode(url, path);
  if (loc.memory || decoded == ":memory:") {
    loc.memory = true;
    return loc;
  }
  if (decoded.empty())
    refuse(url, uri, "no path");
  loc.path = decoded;
  loc.filename = query; // completed by locate()
  return loc;
}

} // namespace

location parse_url(std::string_view url) {
  if (url.find('\0') != url.npos)
    throw error(errc::invalid_url, "a NUL byte at position " + std::to_string(url.find('\0')));
  if (url.empty())
    throw error(errc::invalid_url, "\"\": no database is named (sqlite:// is a memory database)");
  std::string_view path = url;
  if (const auto scheme = url.find("://"); scheme != url.npos && !url.starts_with("file:")) {
    if (url.substr(0, scheme) != "sqlite")
      refuse(url, url.substr(0, scheme), "the scheme must be sqlite");
    path = url.substr(scheme + 3);
    if (path.empty()) {
      location loc;
      loc.memory = true;
      return loc;
    }
    if (path.front() != '/')
      refuse(url, path, "a host name; a relative path needs three slashes (sqlite:///rel.db)");
    path.remove_prefix(1);
    if (path.empty()) {
      location loc;
      loc.memory = true;
      return loc;
    }
  } else if (url.starts_with("sqlite:")) {
    refuse(url, url.substr(7), "sqlite: must be followed by //");
  }
  location loc;
  if (path == ":memory:") {
    loc.memory = true;
    return loc;
  }
  if (path.starts_with("file:"))
    return parse_file_uri(url, path);
  if (path.find('?') != path.npos && path.size() != url.size())
    refuse(url, path.substr(path.find('?')),
           "parameters need the file: form (sqlite:///file:x.db?mode=ro&uri=true)");
  loc.path = std::string(path);
  return loc;
}

std::filesystem::path resolve_links(std::filesystem::path path) {
  // The same number as the kernel's.
  constexpr int max_links = 40;
  const auto asked = path;
  std::error_code ec;
  for (int followed = 0; followed <= max_links; ++followed) {
    auto real = std::filesystem::weakly_canonical(path, ec);
    if (ec == std::errc::too_many_symbolic_link_levels)
      break;
    if (ec) // the folder may not be searched: opening the file reports that
      return path.lexically_normal();
    path = real.lexically_normal();
    const auto target = std::filesystem::read_symlink(path, ec);
    if (ec)
      return path;
    path = path.parent_path() / target;
  }
  throw error(errc::cannot_open,
              "\"" + asked.string() +
                  "\": its symbolic links lead in a circle, or there are too many");
}

location locate(std::string_view url) {
  auto loc = parse_url(url);
  if (loc.memory) {
    loc.vfs = vfs::register_memory_vfs();
    loc.filename = vfs::unique_memory_name();
    return loc;
  }
  std::error_code ec;
  auto absolute = std::filesystem::absolute(loc.path, ec);
  if (ec)
    throw error(errc::invalid_url, "\"" + loc.path.string() + "\": " + ec.message());
  // Follows symbolic links, so that one file has one lock, whatever name is used to open it.
  loc.path = resolve_links(absolute);
  if (loc.uri) {
    std::string encoded;
    for (const char c : loc.path.string()) {
      if (c == '%' || c == '?' || c == '#') {
        static constexpr char digits[] = "0123456789ABCDEF";
        encoded += {'%', digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
      } else {
        encoded += c;
      }
    }
    loc.filename = "file:" + encoded + loc.filename;
  } else {
    loc.filename = loc.path.string();
  }
  return loc;
}

} // namespace dbengine::sqlite
