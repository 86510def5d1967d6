"""nginx before real servers: what balancers and proxies do to MCP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.programs import program
from tests.real.process import free_port, running

_CONFIGURATION: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream servers {{
        {balancing}
        {servers}
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://servers;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Host $http_host;
            {headers}
        }}
    }}
}}
"""

BY_CONNECTION: Final = "hash $connection;"
"""All requests of one connection go to one server, as a balancer below HTTP does it."""
ROUND_ROBIN: Final = ""


@contextmanager
def nginx(
    folder: Path, urls: Sequence[str], *, balancing: str = ROUND_ROBIN, dropped: Sequence[str] = ()
) -> Iterator[str]:
    """The URL at which it answers for servers. Headers of requests that are `dropped` do not reach them."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            port=port,
            balancing=balancing,
            servers=" ".join(f"server {urlsplit(url).netloc};" for url in urls),
            headers=" ".join(f'proxy_set_header {name} "";' for name in dropped),
        )
    )
    command = [program("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(configuration)]
    with running(command, port=port, log=folder / "nginx.log"):
        yield f"http://127.0.0.1:{port}/mcp"
