"""Uploaded files in memory, and no more of them than a form may take."""

from bizproc_admin.uploads import MOST_TOGETHER, MemoryUploadHandler

CHUNK = bytes(MOST_TOGETHER // 2)


def received(handler, *chunks):
    handler.new_file("f_0", "скан.pdf", "application/pdf", None)
    for chunk in chunks:
        assert handler.receive_data_chunk(chunk, 0) is None
    return handler.file_complete(sum(map(len, chunks)))


def test_a_file_has_its_name_and_content():
    file = received(MemoryUploadHandler(), b"%P", b"DF")
    assert (file.name, file.size, file.read()) == ("скан.pdf", 4, b"%PDF")


def test_beyond_the_most_a_file_keeps_its_size_and_not_its_content():
    handler = MemoryUploadHandler()
    whole = received(handler, CHUNK)
    cut = received(handler, CHUNK, CHUNK, CHUNK)
    later = received(handler, b"x")
    assert [file.size for file in (whole, cut, later)] == [len(CHUNK), 3 * len(CHUNK), 1]
    assert [len(file.read()) for file in (whole, cut, later)] == [len(CHUNK), len(CHUNK), 0]
