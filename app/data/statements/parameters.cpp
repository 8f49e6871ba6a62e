// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statements/parameters.hpp"

#include "cli/exit_code.hpp"
#include "data/input/jsonl_reader.hpp"

#include <algorithm>
#include <map>

namespace dbengine::app {

namespace {

value json_value(const std::string& given, std::string_view json) {
  const std::string object = "{\"value\":" + std::string(json) + "}";
  memory_chunks from(object);
  jsonl_reader reader(from, json_form::values);
  const bool read = reader.next() && reader.problem().empty() && reader.values().size() == 1;
  value result = read ? reader.values().front() : value();
  if (!read || reader.next())
    throw usage_error("-p: '" + given + "' has no JSON value after ':='; use NAME=VALUE for text");
  return result;
}

bool is_number(const std::string& name) {
  return !name.empty() && name.size() <= 5 &&
         name.find_first_not_of("0123456789") == std::string::npos;
}

} // namespace

params parse_parameters(const std::vector<std::string>& given) {
  params named;
  std::map<std::size_t, value> positional;
  for (const auto& text : given) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || text.starts_with(":="))
      throw usage_error("-p: '" + text + "' is not NAME=VALUE or NAME:=JSON");
    const bool json = text[equals - 1] == ':';
    std::string name = text.substr(0, json ? equals - 1 : equals);
    value v = json ? json_value(text, std::string_view(text).substr(equals + 1))
                   : value(text.substr(equals + 1));
    if (!is_number(name))
      named.add(std::move(name), std::move(v));
    else if (!positional.emplace(std::stoul(name), std::move(v)).second)
      throw usage_error("-p: parameter " + name + " is given twice");
  }
  if (positional.empty())
    return named;
  if (!named.empty())
    throw usage_error("-p: parameters have names or numbers, not both");
  params result;
  for (auto& [number, v] : positional) {
    if (number != result.size() + 1)
      throw usage_error("-p: parameter " + std::to_string(result.size() + 1) + " is missing");
    result.add(std::move(v));
  }
  return result;
}

} // namespace dbengine::app
