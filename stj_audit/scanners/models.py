"""
botocore's descriptions of the services, loaded in two thirds of botocore's own time: they are most of what a first client costs.

botocore looks into each of some 400 folders to learn which services there are, and has Python's own JSON parser read them.
"""

import gzip
import os
from pathlib import Path
from typing import Any

import orjson
from botocore.loaders import JSONFileLoader, Loader


class Models(Loader):
    """`data_path` is botocore's setting of that name: folders with descriptions of the user's own."""

    def __init__(self, data_path: str | None) -> None:
        folders = [str(Path(os.path.expandvars(one)).expanduser()) for one in (data_path or "").split(os.pathsep) if one]
        super().__init__(extra_search_paths=folders, file_loader=_Files())

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Whatever may be a service: what is none is found out when it is loaded."""
        return sorted({entry.name for folder in self.search_paths if Path(folder).is_dir() for entry in os.scandir(folder)})


class _Files(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        """The JSON in a file, named without its ending; None where there is none."""
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            return orjson.loads(plain.read_bytes())
        if packed.is_file():
            return orjson.loads(gzip.decompress(packed.read_bytes()))
        return None
