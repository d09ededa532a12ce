"""
Runs `python -m stj_audit` many times and imports it once: a process that has imported everything, and compiled the templates, is copied for
each command.

Started as a script, with the number of a socket. A request is the length of a JSON document, sent with the files for stdout and stderr, and
the document: the arguments, the folder, the environment, and how large a file may get. The answer is the exit code.
"""

import gc
import json
import os
import pkgutil
import resource
import runpy
import socket
import struct
import sys
import warnings
from importlib import import_module
from typing import Any

SIZE = struct.Struct("!q")
NOT_AHEAD = ("stj_audit.__main__", "stj_audit.demo", "stj_audit.items.cluster")  # it runs; what few commands need


def import_ahead() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nobody would read it here
        package = import_module("stj_audit")
        for module in pkgutil.walk_packages(package.__path__, "stj_audit."):
            if module.name not in NOT_AHEAD:
                import_module(module.name)


def compile_templates_ahead() -> None:
    """They are compiled where they are first used, which takes as long as all else that most commands do."""
    from stj_audit.render import templates  # noqa: PLC0415 - not before warnings are errors

    for suffix, format_name in ((".html.j2", "html"), (".css.j2", "html"), (".md.j2", "markdown"), (".svg.j2", "svg")):
        for path in templates.template_folder().glob(f"*{suffix}"):
            templates._environment(format_name).get_template(path.name)
            if path.name.startswith("costs."):
                templates._environment(format_name, cut=False).get_template(path.name)


def arguments_of_a_copy(requests: socket.socket) -> list[str]:
    """Answers requests as long as there are any; returns in a copy only, which has the folder, files and environment by then."""
    while True:
        size, files, _, _ = socket.recv_fds(requests, SIZE.size, 2)
        if not size:
            sys.exit()
        with requests.makefile("rb", buffering=0) as stream:
            request = json.loads(_exactly(stream, *SIZE.unpack(size)))
        child = os.fork()
        if child == 0:
            requests.close()
            return _become(request, files)
        for file in files:
            os.close(file)
        _, status = os.waitpid(child, 0)
        requests.sendall(SIZE.pack(os.waitstatus_to_exitcode(status)))


def _exactly(stream: Any, size: int) -> bytes:
    read = b""
    while len(read) < size:
        read += stream.read(size - len(read))
    return read


def _become(request: Any, files: list[int]) -> list[str]:
    for place, file in enumerate(files, start=1):
        os.dup2(file, place)
        os.close(file)
    os.chdir(request["folder"])
    if request["file_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_bytes"], request["file_bytes"]))
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path.insert(0, request["folder"])
    return list(request["arguments"])


if __name__ == "__main__":
    del sys.path[0]  # the folder of this script; the copy has that of the command
    import_ahead()
    compile_templates_ahead()
    gc.freeze()
    sys.argv[1:] = arguments_of_a_copy(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("stj_audit", run_name="__main__", alter_sys=True)
