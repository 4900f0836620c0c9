"""What the benchmarks write goes between its markers and nowhere else."""

from pathlib import Path

import pytest

from benchmarks.report import write_table


def page(folder: Path, text: str) -> Path:
    path = folder / "page.md"
    path.write_text(text, encoding="utf8")
    return path


def test_a_table_replaces_its_section_only(tmp_path: Path) -> None:
    path = page(tmp_path, "before\n<!-- a:begin -->\nold\n<!-- a:end -->\nbetween\n<!-- b:begin -->\n<!-- b:end -->\n")
    for _ in range(2):  # writing it again changes nothing more
        write_table("a", [{"n": 1}], command="run", page=path)
        text = path.read_text(encoding="utf8")
        assert text.startswith("before\n<!-- a:begin -->\n| n |\n|---|\n| 1 |\n")
        assert text.endswith("<!-- a:end -->\nbetween\n<!-- b:begin -->\n<!-- b:end -->\n")
        assert text.count("`run`") == 1
        assert "old" not in text


@pytest.mark.parametrize("text", ["", "<!-- a:begin -->", "<!-- a:begin -->\n<!-- a:end -->\n" * 2])
def test_a_page_without_that_section_is_left_alone(tmp_path: Path, text: str) -> None:
    path = page(tmp_path, text)
    with pytest.raises(LookupError, match="a:begin"):
        write_table("a", [{"n": 1}], command="run", page=path)
    assert path.read_text(encoding="utf8") == text
