# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

"""Finds the pages in Markdown, and reads their code blocks. CONTRIBUTING.md describes the markers."""

import dataclasses
import pathlib
import re

MARKER = re.compile(r"^<!-- (file|fragment|output)(?:: *(.*?))? *-->$")
FENCE = re.compile(r"^( *)(```+)(.*)$")


class PageError(Exception):
    """A page breaks a rule; the text says where and how."""


@dataclasses.dataclass
class Block:
    """A fenced block. `kind` is program, commands, file, output or fragment."""

    kind: str
    language: str
    text: str
    line: int
    """Number of the line of the fence, from 1."""
    name: str = ""
    """File name or reason of the marker."""
    number: int = 0
    """Programs only: counted from 1."""


def _kind(page, line, language, marker, name):
    where = f"{page}:{line}"
    if marker == "file" and not name:
        raise PageError(f"{where}: the file has no name")
    if marker == "fragment" and len(name.split()) < 2:
        raise PageError(f"{where}: a fragment needs a reason")
    if marker:
        return marker
    if language == "cpp":
        return "program"
    if language == "sh":
        return "commands"
    raise PageError(f"{where}: a block of '{language}' that is neither a program nor commands needs a marker")


def pages(source):
    """Every page below a checkout, without those of builds."""
    skipped = ("build", ".git", ".cache")
    return sorted(p for p in source.rglob("*.md") if p.relative_to(source).parts[0] not in skipped)


def read(page):
    """All blocks of the page, in order. Raises PageError for a block without a kind."""
    found, programs = [], 0
    lines = pathlib.Path(page).read_text(encoding="utf-8").split("\n")
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if not fence:
            marked = MARKER.match(lines[at].strip())
            if marked and (at + 1 == len(lines) or not FENCE.match(lines[at + 1])):
                raise PageError(f"{page}:{at + 1}: a marker without a block on the next line")
            at += 1
            continue
        indent, ticks, language = len(fence[1]), fence[2], fence[3].strip()
        before = MARKER.match(lines[at - 1].strip()) if at else None
        marker, name = (before[1], before[2] or "") if before else ("", "")
        end = at + 1
        while end < len(lines) and lines[end].strip() != ticks:
            end += 1
        if end == len(lines):
            raise PageError(f"{page}:{at + 1}: the block has no end")
        text = "".join(line[indent:] + "\n" for line in lines[at + 1:end])
        kind = _kind(page, at + 1, language, marker, name)
        if kind == "output" and (not found or found[-1].kind not in ("program", "commands")):
            raise PageError(f"{page}:{at + 1}: an output without a program or commands before it")
        programs += kind == "program"
        found.append(Block(kind, language, text, at + 1, name, programs if kind == "program" else 0))
        at = end + 1
    return found


def prose(page):
    """(line number, text) of each line outside of the blocks."""
    inside = ""
    for number, line in enumerate(pathlib.Path(page).read_text(encoding="utf-8").split("\n"), 1):
        fence = FENCE.match(line)
        if inside:
            inside = "" if line.strip() == inside else inside
        elif fence:
            inside = fence[2]
        else:
            yield number, line
