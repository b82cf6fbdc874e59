"""Programs that speak to a network. The runner listens on TCP_PORT, UDP_PORT and two unix sockets: nothing may arrive."""

from __future__ import annotations

from code_corpus.program import DENIED, attempt, raw

__all__ = ["PROGRAMS"]

ENDED = DENIED | {"timeout", "early_exit"}

PROGRAMS = (
    attempt("TCP", "import socket\nsocket.create_connection(('127.0.0.1', TCP_PORT), 1).sendall(b'leak')", ENDED),
    attempt("TCP over IPv6", "import socket\nsocket.create_connection(('::1', TCP_PORT), 1).sendall(b'leak')", ENDED),
    attempt("UDP", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'leak', ('127.0.0.1', UDP_PORT))", ENDED),
    attempt("TCP without blocking", "import socket\none = socket.socket()\none.setblocking(False)\none.connect_ex(('127.0.0.1', TCP_PORT))\nimport time\ntime.sleep(0.05)\none.send(b'leak')", ENDED),
    attempt("TCP fast open", "import socket\none = socket.socket()\none.sendto(b'leak', 0x20000000, ('127.0.0.1', TCP_PORT))", ENDED),
    attempt("a name", "import socket\nsocket.getaddrinfo('example.org', 80)", ENDED),
    attempt("HTTP", "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:TCP_PORT/leak', timeout=1)", ENDED),
    attempt("asyncio", "import asyncio\nasync def main():\n    await asyncio.open_connection('127.0.0.1', TCP_PORT)\nasyncio.run(main())", ENDED),
    attempt("a unix socket by path", "import socket\none = socket.socket(socket.AF_UNIX)\none.connect('UNIX_PATH')\none.sendall(b'leak')", ENDED),
    attempt("an abstract unix socket", "import socket\none = socket.socket(socket.AF_UNIX)\none.connect(chr(0) + 'UNIX_NAME')\none.sendall(b'leak')", ENDED),
    attempt("a unix datagram", "import socket\nsocket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'leak', chr(0) + 'UNIX_NAME')", ENDED),
    attempt("a socketpair that connects elsewhere", "import socket\na, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\na.sendto(b'leak', chr(0) + 'UNIX_NAME')", ENDED),
    attempt("a socketpair that reconnects", "import socket\na, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\na.connect(chr(0) + 'UNIX_NAME')\na.send(b'leak')", ENDED),
    attempt("listens", "import socket\none = socket.socket()\none.bind(('127.0.0.1', 0))\none.listen()", ENDED),
    attempt("binds an abstract name", "import socket\none = socket.socket(socket.AF_UNIX)\none.bind(chr(0) + 'jeoul-bound')", ENDED),
    attempt("raw packets", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)", ENDED),
    attempt("netlink", "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))", ENDED),
    attempt("vsock", "import socket\nsocket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)", ENDED),
    attempt("the kernel's crypto sockets", "import socket\nsocket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)", ENDED),
    raw("io_uring", "system(425, 4, ctypes.create_string_buffer(256))", ENDED),
    raw("socket by the x32 table", "system(0x40000000 + 41, 2, 1, 0)", ENDED),
    raw("fork by the x32 table", "pid = system(0x40000000 + 57)\nif pid == 0:\n    import time\n    time.sleep(100)", ENDED),
    raw(
        "fork by the 32-bit gate",
        """
        import mmap, time
        if os.uname().machine != 'x86_64':
            raise OSError
        page = mmap.mmap(-1, 4096, prot=7)
        page.write(bytes.fromhex('53b802000000cd805bc3'))  # push rbx; mov eax, 2; int 0x80; pop rbx; ret
        run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
        pid = run()
        if pid < 0:
            raise OSError
        if pid == 0:
            time.sleep(100)
        """,
        ENDED,
    ),
    raw("bpf", "system(321 if os.uname().machine == 'x86_64' else 280, 0, ctypes.create_string_buffer(128), 128)", ENDED),
    raw("a key ring", "system(248 if os.uname().machine == 'x86_64' else 217, b'user', b'jeoul', b'leak', 4, -3)", ENDED),
    raw("a perf event", "system(298 if os.uname().machine == 'x86_64' else 241, ctypes.create_string_buffer(128), 0, -1, -1, 0)", ENDED),
    raw("a descriptor by handle", "system(304 if os.uname().machine == 'x86_64' else 265, -100, ctypes.create_string_buffer(64), 0)", ENDED),
)  # fmt: skip
