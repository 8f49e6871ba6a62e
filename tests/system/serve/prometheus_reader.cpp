// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Negative control of the tests that read /metrics: the reader refuses what Prometheus refuses.

#include "support/process/prometheus_text.hpp"

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

constexpr const char* good = "# HELP a_total Counted.\n"
                             "# TYPE a_total counter\n"
                             "a_total{x=\"1\",y=\"q\\\"\\\\\\n\"} 3\n"
                             "a_total{x=\"2\",y=\"\"} 4e+06\n"
                             "# HELP b Measured.\n"
                             "# TYPE b gauge\n"
                             "b -1.5\n";

std::string with(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

} // namespace

CAF_TEST(a good text is read as it stands) {
  const auto e = read_exposition(good);
  CAF_CHECK_EQUAL(e.problems.size(), 0u);
  CAF_REQUIRE_EQUAL(e.samples.size(), 3u);
  CAF_CHECK_EQUAL(e.samples.at("a_total{x=\"2\",y=\"\"}"), 4e6);
  CAF_CHECK_EQUAL(e.samples.at("b{}"), -1.5);
  CAF_CHECK_EQUAL(e.types.at("a_total"), "counter");
}

CAF_TEST(each mistake is found) {
  const std::string text = good;
  const std::vector<std::string> bad{
      "",
      text + "c 1",                                               // no end of line
      text + "c 1\n",                                             // no TYPE
      text + "a_total{x=\"3\",y=\"\"} 1\n",                       // family torn apart
      text + "b -2\n",                                            // twice
      with(text, " 3\n", " three\n"),                             // no number
      with(text, " 3\n", " -3\n"),                                // a negative counter
      with(text, " 3\n", "\n"),                                   // no value
      with(text, "a_total counter", "a_total count"),             // no such type
      with(text, "b gauge", "b counter"),                         // a counter without _total
      with(text, "a_total counter", "a_total gauge"),             // a gauge with it
      with(text, "x=\"1\",", "x=\"1\" "),                         // labels not separated
      with(text, "x=\"1\"", "x=\"1"),                             // a quote left open
      with(text, "x=\"1\"", "1x=\"1\""),                          // a bad label
      with(text, "x=\"1\"", "y=\"1\""),                           // a label twice
      with(text, "\\n\"", "\\t\""),                               // an unknown escape
      with(text, "x=\"1\",y=\"q\\\"\\\\\\n\"", "x=\"2\",y=\"\""), // the same sample twice
      with(text, "# HELP b Measured.\n", ""),                     // no HELP
      text + "# HELP b Again.\n",                                 // HELP twice
      with(text, "b -1.5", "b-b -1.5"),                           // a bad name
  };
  for (const auto& one : bad)
    if (read_exposition(one).problems.empty())
      CAF_ERROR("no problem found in: " << one);
    else
      CAF_CHECK(true);
}
