"""Stamps change with names and contents, and with nothing else."""

from webui.setup import stamps


def test_a_digest_changes_with_a_file_and_with_its_name(tmp_path):
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "a.js").write_text("one")
    first = stamps.digest(folder)
    (folder / "a.js").write_text("two")
    second = stamps.digest(folder)
    (folder / "a.js").rename(folder / "b.js")
    assert len({first, second, stamps.digest(folder)}) == 3


def test_a_digest_does_not_depend_on_where_the_folder_lies(tmp_path):
    for place in ("here", "there"):
        (tmp_path / place / "src").mkdir(parents=True)
        (tmp_path / place / "src" / "a.js").write_text("one")
    assert stamps.digest(tmp_path / "here" / "src") == stamps.digest(tmp_path / "there" / "src")


def test_half_a_stamp_counts_as_none(tmp_path):
    (tmp_path / "stamp").write_text('{"sources": "ab')
    assert stamps.read(tmp_path / "stamp") == {}
    stamps.write(tmp_path / "stamp", {"sources": "ab"})
    assert stamps.read(tmp_path / "stamp") == {"sources": "ab"}
