// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Encodes bytes as text and decodes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbengine::app {

/// Lower-case hexadecimal digits.
std::string hex_text(std::string_view bytes);
/// Empty if the text is not pairs of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view text);
/// RFC 4648 with padding.
std::string base64_text(std::string_view bytes);
/// Empty if the text is not base64 with padding.
std::optional<std::string> from_base64(std::string_view text);

} // namespace dbengine::app
