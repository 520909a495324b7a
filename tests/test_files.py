"""Atomic and checked files: whole or absent, and damage is never read as data."""

import errno
import os
import stat

import pytest

from pyrnnsim import _files
from pyrnnsim._files import os_error, read_checked, write_atomic, write_checked


def entries(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_writes_bytes_and_leaves_nothing_else(tmp_path):
    write_atomic(tmp_path / "a.bin", b"content")
    assert (tmp_path / "a.bin").read_bytes() == b"content"
    assert entries(tmp_path) == ["a.bin"]


def test_writes_what_a_function_writes(tmp_path):
    write_atomic(tmp_path / "a.bin", lambda file: file.writelines([b"one ", b"two"]))
    assert (tmp_path / "a.bin").read_bytes() == b"one two"


def test_accepts_text_paths_with_spaces_and_unicode(tmp_path):
    path = str(tmp_path / "größe ∂ 1.bin")
    write_atomic(path, b"x")
    with open(path, "rb") as file:
        assert file.read() == b"x"


def test_permissions_follow_the_umask(tmp_path):
    previous = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a.bin", b"x")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_follows_a_symbolic_link_and_keeps_it(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.bin").symlink_to(tmp_path / "real" / "a.bin")
    write_atomic(tmp_path / "link.bin", b"x")
    assert (tmp_path / "link.bin").is_symlink()
    assert (tmp_path / "real" / "a.bin").read_bytes() == b"x"


def test_scratch_holds_the_unfinished_file(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    seen = []
    write_atomic(tmp_path / "a.bin", lambda file: seen.append(entries(scratch)), scratch=scratch)
    assert len(seen[0]) == 1 and seen[0][0].endswith(_files.TEMPORARY_SUFFIX)
    assert entries(scratch) == [] and entries(tmp_path) == ["a.bin", "scratch"]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_a_failing_writer_keeps_the_old_content(tmp_path, kind):
    write_atomic(tmp_path / "a.bin", b"old")

    def fail(file):
        file.write(b"half of the n")
        raise kind("stop")

    with pytest.raises(kind, match="stop"):
        write_atomic(tmp_path / "a.bin", fail)
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert entries(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_content_and_says_what_to_do(tmp_path, monkeypatch, step):
    write_atomic(tmp_path / "a.bin", b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_files.os, step, full)
    with pytest.raises(OSError, match=r"cannot write .*a\.bin: No space left on device; .*free some space") as caught:
        write_atomic(tmp_path / "a.bin", b"new")
    assert caught.value.errno == errno.ENOSPC
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert entries(tmp_path) == ["a.bin"]


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot write .*none/a\.bin: .*; create the directory .*none'"):
        write_atomic(tmp_path / "none" / "a.bin", b"x")


def test_a_directory_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "a.bin").mkdir()
    with pytest.raises(IsADirectoryError, match="a directory has this name"):
        write_atomic(tmp_path / "a.bin", b"x")
    assert entries(tmp_path) == ["a.bin"]


def test_a_name_too_long_is_named(tmp_path):
    with pytest.raises(OSError, match="choose a shorter name"):
        write_atomic(tmp_path / ("a" * 300), b"x")


def test_an_error_without_number_keeps_its_text():
    assert str(os_error("cannot write", "a.npy", OSError("3 requested and 1 written"))) == (
        "cannot write a.npy: 3 requested and 1 written"
    )


def test_a_failing_directory_sync_loses_nothing(tmp_path, monkeypatch):
    real = os.fsync

    def refuse_directories(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "refused")
        real(descriptor)

    monkeypatch.setattr(_files.os, "fsync", refuse_directories)
    write_atomic(tmp_path / "a.bin", b"x")
    assert (tmp_path / "a.bin").read_bytes() == b"x"


@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(256)) * 5])
def test_checked_round_trip(tmp_path, payload):
    write_checked(tmp_path / "a.bin", payload)
    assert read_checked(tmp_path / "a.bin") == payload
    assert (tmp_path / "a.bin").stat().st_size == len(payload) + 32


def test_every_truncation_is_detected(tmp_path):
    path = tmp_path / "a.bin"
    write_checked(path, bytes(range(100)))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.bin is damaged \(checksum\); delete it and run again"):
            read_checked(path)


def test_every_bit_flip_is_detected(tmp_path):
    path = tmp_path / "a.bin"
    write_checked(path, bytes(range(12)))
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(ValueError, match="damaged"):
            read_checked(path)


def test_appended_bytes_are_detected(tmp_path):
    path = tmp_path / "a.bin"
    write_checked(path, b"payload")
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ValueError, match="damaged"):
        read_checked(path)


def test_a_missing_checked_file_is_no_damage(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_checked(tmp_path / "none.bin")
