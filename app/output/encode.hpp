// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Bytes as text and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbengine::app {

/// Lower-case hexadecimal digits.
std::string hex_text(std::string_view bytes);
/// Nothing where the text is not hexadecimal digits in pairs.
std::optional<std::string> from_hex(std::string_view text);
/// RFC 4648 with padding.
std::string base64_text(std::string_view bytes);
/// Nothing where the text is not base64 with padding.
std::optional<std::string> from_base64(std::string_view text);

} // namespace dbengine::app
