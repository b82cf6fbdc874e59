"""Programs that read secrets, leave something behind, or ask the kernel for more rights.

The runner puts a file SECRET_PATH readable by all, and removes nothing itself: whatever is left is a failure.
"""

from __future__ import annotations

from code_corpus.program import DENIED, attempt, program, raw

__all__ = ["PROGRAMS"]

ENDED = DENIED | {"timeout", "early_exit"}
X86 = "os.uname().machine == 'x86_64'"

PROGRAMS = (
    attempt("reads a secret", "open('SECRET_PATH').read()", ENDED),
    attempt("reads /etc/passwd", "open('/etc/passwd').read()", ENDED),
    attempt("reads /etc/shadow", "open('/etc/shadow').read()", ENDED),
    attempt("lists the secret's folder", "import os\nassert os.listdir(os.path.dirname('SECRET_PATH'))", ENDED),
    attempt("lists /proc", "import os\nassert [n for n in os.listdir('/proc') if n.isdigit()]", ENDED),
    attempt("reads the machine's id", "open('/etc/machine-id').read()", ENDED),
    attempt("reads the kernel's messages", "open('/dev/kmsg').read(1)", ENDED),
    attempt("reads the disk", "import os\nfor name in ('vda', 'sda', 'nvme0n1', 'mem', 'port'):\n    try:\n        open('/dev/' + name, 'rb').read(1)\n        break\n    except FileNotFoundError:\n        pass\nelse:\n    raise OSError", ENDED),
    attempt("writes /tmp", "open('/tmp/jeoul-left', 'w').write('x')", ENDED),
    attempt("writes /var/tmp", "open('/var/tmp/jeoul-left', 'w').write('x')", ENDED),
    attempt("writes /dev/shm", "open('/dev/shm/jeoul-left', 'w').write('x')", ENDED),
    attempt("writes where it is", "open('jeoul-left', 'w').write('x')", ENDED),
    attempt("appends to the secret", "open('SECRET_PATH', 'a').write('x')", ENDED),
    attempt("a temporary file", "import tempfile\ntempfile.NamedTemporaryFile(prefix='jeoul-left', delete=False).write(b'x')", ENDED),
    attempt("a file without a name", "import os\nos.open('/tmp', os.O_TMPFILE | os.O_RDWR)", ENDED),
    attempt("a folder", "import os\nos.mkdir('/tmp/jeoul-left')", ENDED),
    attempt("a symlink", "import os\nos.symlink('/etc/passwd', '/tmp/jeoul-left')", ENDED),
    attempt("a hard link", "import os\nos.link('SECRET_PATH', '/tmp/jeoul-left')", ENDED),
    attempt("a pipe by name", "import os\nos.mkfifo('/tmp/jeoul-left')", ENDED),
    attempt("a device", "import os, stat\nos.mknod('/tmp/jeoul-left', 0o600 | stat.S_IFCHR, os.makedev(1, 3))", ENDED),
    attempt("renames the secret", "import os\nos.rename('SECRET_PATH', 'SECRET_PATH' + '2')", ENDED),
    attempt("removes the secret", "import os\nos.unlink('SECRET_PATH')", ENDED),
    attempt("empties the secret", "import os\nos.truncate('SECRET_PATH', 0)", ENDED),
    attempt("changes its rights", "import os\nos.chmod('SECRET_PATH', 0o777)", ENDED),
    attempt("changes its owner", "import os\nos.chown('SECRET_PATH', os.getuid(), -1)", ENDED),
    attempt("changes its times", "import os\nos.utime('SECRET_PATH', (1, 1))", ENDED),
    attempt("sets an attribute", "import os\nos.setxattr('SECRET_PATH', 'user.jeoul', b'x')", ENDED),
    attempt("shared memory by name", "from multiprocessing.shared_memory import SharedMemory\nSharedMemory(name='jeoul-left', create=True, size=4096)", ENDED),
    attempt("a semaphore by name", "import _multiprocessing\n_multiprocessing.SemLock(0, 1, 1, '/jeoul-left', False)", ENDED),
    raw("System V shared memory", f"system(29 if {X86} else 194, 0x6a656f75, 4096, 0o1666)", ENDED),
    raw("a System V semaphore", f"system(64 if {X86} else 190, 0x6a656f75, 1, 0o1666)", ENDED),
    raw("a System V queue", f"system(68 if {X86} else 186, 0x6a656f75, 0o1666)", ENDED),
    raw("a POSIX queue", f"system(240 if {X86} else 180, b'jeoul-left', 0o102, 0o666, 0)", ENDED),
    attempt("a database", "import sqlite3\nsqlite3.connect('/tmp/jeoul-left.db').execute('create table t (x)')", ENDED),
    attempt("its interpreter's files", "import os, json\nopen(os.path.join(os.path.dirname(json.__file__), 'jeoul_left.py'), 'w')", ENDED),
    attempt("byte code of a module", "import os, json\nopen(json.__cached__, 'r+b').write(b'x')", ENDED),
    raw("memfd and execveat", f"fd = os.memfd_create('x')\nos.write(fd, b'#!/bin/sh\\necho 5\\n')\nargv = (ctypes.c_char_p * 2)(b'x', None)\nsystem(322 if {X86} else 281, fd, b'', argv, argv, 0x1000)", ENDED),
    raw("a user namespace", f"system(272 if {X86} else 97, 0x10000000)", ENDED),
    raw("every namespace", f"system(272 if {X86} else 97, 0x7e020000)", ENDED),
    raw("a mount namespace", f"system(272 if {X86} else 97, 0x00020000)", ENDED),
    raw("the namespace of process 1", f"fd = os.open('/proc/1/ns/mnt', 0)\nsystem(308 if {X86} else 268, fd, 0)", ENDED),
    raw("mounts", f"system(165 if {X86} else 40, b'none', b'/tmp', b'tmpfs', 0, 0)", ENDED),
    attempt("another root", "import os\nos.chroot('/tmp')", ENDED),
    program("uid 0", "stdio", ENDED, "import os\nfor name in ('setuid', 'seteuid', 'setgid'):\n    try:\n        getattr(os, name)(0)\n    except OSError:\n        pass\nprint('OPEN' if 0 in (os.getuid(), os.geteuid()) and open('/proc/self/uid_map').read().split() == ['0', '0', '4294967295'] else 'DENIED')"),
    attempt("groups", "import os\nos.setgroups([0])", ENDED),
    raw("capabilities", f"import struct\nhead, data = struct.pack('<II', 0x20080522, 0), struct.pack('<6I', *[0xffffffff] * 6)\nsystem(126 if {X86} else 91, head, data)", ENDED),
    attempt("types for the terminal", "import fcntl, termios\nopened = 0\nfor fd in (0, 1, 2):\n    try:\n        for char in b'id':\n            fcntl.ioctl(fd, termios.TIOCSTI, bytes([char]))\n        opened += 1\n    except OSError:\n        pass\nif not opened:\n    raise OSError", ENDED),
    attempt("opens the terminal", "open('/dev/tty', 'r+')", ENDED),
    attempt("the master of terminals", "import os\nos.open('/dev/ptmx', os.O_RDWR)", ENDED),
    attempt("the host's name", "import socket\nsocket.sethostname('jeoul')", ENDED),
    attempt("the clock", "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)", ENDED),
    raw("restarts the machine", f"system(169 if {X86} else 142, 0xfee1dead, 672274793, 0x89abcdef, 0)", ENDED),
    raw("loads a kernel module", f"system(175 if {X86} else 105, b'', 0, b'')", ENDED),
    raw("loosens its own filter", f"system(157 if {X86} else 167, 4, 1, 0, 0, 0)\nopen('/proc/self/mem', 'rb')", ENDED),
    raw("clears its seccomp filter", f"system(157 if {X86} else 167, 22, 0, 0)", ENDED),
    raw("watches files", f"fd = system(294 if {X86} else 26, 0)\nsystem(254 if {X86} else 27, fd, b'/tmp', 0xfff)", ENDED),
    attempt("reads what it is not in", "import os\nassert os.readlink('/proc/1/exe') or os.stat('/root').st_size", ENDED),
    attempt("the environment's keys", "import os\nif not [k for k in os.environ if 'KEY' in k or 'TOKEN' in k or 'SECRET' in k]:\n    raise OSError", ENDED),
    # installed as a wheel, the folders above the sandbox's own files are there, and import as an empty package
    attempt("imports what trains it", "from jeoul.rewards import registry", ENDED),
    attempt("loads a library it wrote", "import ctypes, os\nfd = os.memfd_create('x')\nos.write(fd, open('/proc/self/exe', 'rb').read(1 << 16))\nctypes.CDLL(f'/proc/self/fd/{fd}')", ENDED),
)  # fmt: skip
