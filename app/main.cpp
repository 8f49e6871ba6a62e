// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The program `dbengine`: finds the command, runs it, reports errors, and chooses the exit code.

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "cli/help.hpp"
#include "cli/interrupt.hpp"
#include "cli/parse.hpp"
#include "cli/report.hpp"
#include "demo/demo.hpp"
#include "output/output_stream.hpp"
#include "ui/text.hpp"

#include <dbengine/process.hpp>

#include <algorithm>
#include <cstdio>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace dbengine;
using namespace dbengine::app;

ui::colour_choice colour_of(const std::string& word) {
  return word == "always"  ? ui::colour_choice::always
         : word == "never" ? ui::colour_choice::never
                           : ui::colour_choice::automatic;
}

// Writes the pending output before the error. Whether flushing succeeds does not matter: the
// command has failed.
void write_error(const std::string& text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

// Opens a replacement for each standard stream that the caller closed; the replacement refuses its
// use. Otherwise the next file opened, such as the database, would get the stream's descriptor.
void fill_standard_streams() {
  for (const int descriptor : {0, 1, 2})
    if (::fcntl(descriptor, F_GETFD) < 0 &&
        ::open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0)
      ::_exit(static_cast<int>(exit_code::data));
}

int run(const command& tree, const std::vector<std::string>& words, context& c) {
  const parsed line = parse(tree, words);
  c.args = line.args;
  c.tree = &tree;
  const auto choice = c.args.text("color");
  const auto inspect_streams = [&](const std::string& word) {
    c.out = ui::inspect(1, colour_of(word));
    c.err = ui::inspect(2, colour_of(word));
  };
  inspect_streams(choice.value_or("auto"));
  output_stream standard(stdout);
  if (line.version) {
    standard.write("dbengine " DBENGINE_VERSION "\n");
    standard.finish();
    return 0;
  }
  if (line.help) {
    standard.write_styled(help_text(tree, line.path, c.out));
    standard.finish();
    return 0;
  }
  if (const auto file = c.args.text("config"))
    c.config = read_config(*file);
  inspect_streams(choice.value_or(c.config.color));
  c.verbosity = c.args.has("quiet") ? -1 : c.args.has("verbose") ? 1 : 0;
  if (c.verbosity < 0)
    c.err.interactive = false;
  c.connect = c.args.text_or("connect", "");
  return line.path.back()->run(c);
}

int code(exit_code c) {
  return static_cast<int>(c);
}

// Handles every failure: prints its text and returns its exit code.
int guarded(const command& tree, const std::vector<std::string>& words, context& c) {
  // The statement that Ctrl-C interrupted is not part of the message.
  const auto interrupted = [&](const dbengine::error& e) {
    return e.code() == errc::cancelled && c.cancel.stop_requested();
  };
  try {
    return run(tree, words, c);
  } catch (const usage_error& e) {
    const auto name = command_name(tree, words);
    write_error(error_line(ui::visible(e.what()), c.err) + "Try 'dbengine " +
                (name.empty() ? "" : name + " ") + "--help'.\n");
    return code(exit_code::usage);
  } catch (const config_error& e) {
    write_error(error_line(ui::visible_lines(e.what()), c.err));
    return code(exit_code::configuration);
  } catch (const statement_error& e) {
    write_error(interrupted(e) ? error_line("interrupted", c.err)
                               : failure_text(e.info(), e.sql(), c.err));
    return code(to_exit_code(e.code()));
  } catch (const dbengine::error& e) {
    write_error(interrupted(e) ? error_line("interrupted", c.err)
                               : failure_text(e.info(), {}, c.err));
    // If the option that is out of range came from the file, the file is reported.
    if (e.code() == errc::invalid_option && !c.config.file.empty())
      return code(exit_code::configuration);
    return code(to_exit_code(e.code()));
  } catch (const write_failure& e) {
    if (e.reader_left())
      return 0; // the reader of `dbengine … | head` has all the output it needs
    write_error(error_line(ui::visible_lines(e.what()), c.err));
  } catch (const std::bad_alloc&) {
    write_error("error: out of memory\n");
  } catch (const std::exception& e) {
    write_error(error_line(ui::visible(e.what()), c.err));
  }
  return code(c.cancel.stop_requested() ? exit_code::interrupted : exit_code::data);
}

} // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  disable_memory_statistics(); // the program does not use them; a refusal only costs speed
  install_sigbus_handler();
  interrupt signals;
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const bool remote = std::any_of(words.begin(), words.end(), [](const std::string& w) {
    return w == "--connect" || w.starts_with("--connect=");
  });
  const command tree = make_tree(remote);
  context c;
  c.cancel = signals.token();
  c.signals = &signals;
  c.err = ui::inspect(2, ui::colour_choice::automatic);
  return guarded(tree, words, c);
}
