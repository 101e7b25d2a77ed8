# Compiles the listed files in as many processes as that is worth. Ends with 0 when all were compiled, with DISK_FULL
# when there was no room, and otherwise with 1.
#
# Python before 3.12 does not notice that a full disk took only a part of a file, and an import of that part fails; so
# where room is short, what was written is read again, and removed if it is not whole.
import errno, marshal, os, sys, py_compile
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
DISK_FULL = 2
def is_whole(file):
    try:
        with open(file, "rb") as compiled:
            marshal.loads(compiled.read()[16:])
        return True
    except (EOFError, ValueError, TypeError):
        os.unlink(file)
        return False
def compile_all(files):
    failed, compiled = 0, []
    for file in files:
        try:
            compiled.append(py_compile.compile(file, doraise=True, invalidation_mode=mode))
        except OSError as error:
            failed |= DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else 1
        except Exception:
            failed |= 1
    if compiled:
        room = os.statvfs(compiled[-1])
        if room.f_bavail * room.f_frsize < 1 << 22 and not all([is_whole(file) for file in compiled]):
            failed |= DISK_FULL
    return failed
with open(sys.argv[1], "rb") as listed:
    files = [os.fsdecode(name) for name in listed.read().split(b"\0") if name]
workers = min(os.cpu_count() or 1, 1 + len(files) // 40)
children = []
for worker in range(1, workers):
    child = os.fork()
    if child == 0:
        os._exit(compile_all(files[worker::workers]))
    children.append(child)
failed = compile_all(files[::workers])
for child in children:
    status = os.waitpid(child, 0)[1]
    failed |= os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1
sys.exit(DISK_FULL if failed & DISK_FULL else failed)
