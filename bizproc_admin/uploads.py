"""Uploaded files stay in memory until they are encrypted: none ever lies readable on a disk."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

# bytes
MOST_OF_ONE = 10 * 1024 * 1024
MOST_TOGETHER = 2 * MOST_OF_ONE


class MemoryUploadHandler(FileUploadHandler):
    """Hold at most MOST_TOGETHER of a request; beyond it a file keeps its size and not its content.

    The sizes are true however large, so that a form can say what was too much.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.held = 0
        self.content = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.held += len(raw_data)
        if self.held <= MOST_TOGETHER:
            self.content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.content.seek(0)
        return InMemoryUploadedFile(
            file=self.content,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
