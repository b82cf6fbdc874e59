"""Programs that start others, or try to outlive their run."""

from __future__ import annotations

from code_corpus.program import DENIED, attempt, program, raw

__all__ = ["PROGRAMS"]

ENDED = DENIED | {"timeout", "early_exit"}
STAYS = "time.sleep(100)"

PROGRAMS = (
    program("fork bomb", "stdio", ENDED, "import os\nwhile True:\n    os.fork()"),
    program("fork bomb that swallows", "stdio", ENDED, "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"),
    program("a survivor", "stdio", ENDED, f"import os, time\nif os.fork() == 0:\n    os.setsid()\n    {STAYS}\nprint('OPEN')"),
    program("a survivor that forks twice", "call", ENDED, f"import os, time\ndef add(a, b):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            {STAYS}\n        os._exit(0)\n    return 6"),
    program("a survivor that answers later", "call", ENDED, "import os, time\ndef add(a, b):\n    if os.fork() == 0:\n        time.sleep(0.5)\n        return 5\n    os._exit(0)"),
    attempt("vfork through ctypes", "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\npid = libc.fork()\nif pid < 0:\n    raise OSError\nif pid == 0:\n    import time\n    time.sleep(100)", ENDED),
    raw("clone as a system call", "pid = system(56 if os.uname().machine == 'x86_64' else 220, 17, 0, 0, 0, 0)\nif pid == 0:\n    import time\n    time.sleep(100)", ENDED),
    raw("clone3 as a system call", "import struct, time\nblock = ctypes.create_string_buffer(struct.pack('<11Q', 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))\nif system(435, block, 88) == 0:\n    time.sleep(100)", ENDED),
    raw("fork for another tracer", "pid = system(56 if os.uname().machine == 'x86_64' else 220, 0x00008000 | 17, 0, 0, 0, 0)\nif pid == 0:\n    import time\n    time.sleep(100)", ENDED),
    attempt("subprocess", "import subprocess\nsubprocess.run(['/bin/echo', '5'], check=True)", ENDED),
    attempt("a shell", "import os\nif os.system('sleep 100 & echo 6') != 0:\n    raise OSError", ENDED),
    attempt("posix_spawn", "import os\nos.posix_spawn('/bin/sleep', ['sleep', '100'], {})", ENDED),
    attempt("popen", "import os\nassert os.popen('echo 6').read()", ENDED),
    attempt("exec of a shell that answers", "import os\nos.execv('/bin/sh', ['sh', '-c', 'echo 5'])", ENDED),
    attempt("exec of its own interpreter", "import os, sys\nos.execv(sys.executable or '/usr/bin/python3', ['python3', '-c', 'print(5)'])", ENDED),
    attempt("fexecve of a memfd", "import os, sys\nfd = os.memfd_create('x')\nos.write(fd, b'#!/bin/sh\\necho 5\\n')\nos.execve(fd, ['x'], {})", ENDED),
    attempt("exec of the loader", "import os, glob\nfor loader in glob.glob('/lib*/ld-linux*') + glob.glob('/lib/*/ld-*'):\n    os.execv(loader, [loader, '/bin/echo', '5'])\nraise OSError", ENDED),
    attempt("multiprocessing", "import multiprocessing, time\nmultiprocessing.get_context('fork').Process(target=time.sleep, args=(100,)).start()", ENDED),
    attempt("a pool of processes", "from concurrent.futures import ProcessPoolExecutor\nwith ProcessPoolExecutor(2) as pool:\n    list(pool.map(abs, [1]))", ENDED),
    attempt("a pseudo-terminal", "import pty\npid, fd = pty.fork()\nif pid == 0:\n    import time\n    time.sleep(100)", ENDED),
    attempt("a daemon", "import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.chdir('/')\n    for fd in range(64):\n        try:\n            os.close(fd)\n        except OSError:\n            pass\n    time.sleep(100)", ENDED),
    program("a session of its own", "stdio", ENDED, "import os\ntry:\n    os.setsid()\nexcept OSError:\n    pass\ntry:\n    os.setpgid(0, 0)\nexcept OSError:\n    pass\nprint(6)"),
    program("a thread that outlives the answer", "call", ENDED | {"wrong"}, "import threading, time\ndef add(a, b):\n    threading.Thread(target=time.sleep, args=(100,)).start()\n    return 6"),
    program("a thread that spins behind the answer", "stdio", ENDED, "import threading\ndef spin():\n    while True:\n        pass\nthreading.Thread(target=spin).start()\nprint(6)"),
    program("raises its own limits", "stdio", ENDED, "import resource\nfor name in dir(resource):\n    if name.startswith('RLIMIT_'):\n        try:\n            soft, hard = resource.getrlimit(getattr(resource, name))\n            resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n            if hard != resource.RLIM_INFINITY:\n                print('OPEN', name)\n        except (OSError, ValueError):\n            pass"),
)  # fmt: skip
