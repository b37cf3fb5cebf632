// A disk whose every sync takes as long as SYNC_MICROS says, for benchmarks on a machine whose own disk others use too:
//
//   cc -shared -fPIC -o disk.so disk.c
//   TMPDIR=/dev/shm SYNC_MICROS=1000 LD_PRELOAD=./disk.so <benchmark>

#include <stdlib.h>
#include <time.h>

static int wait_for_the_disk(void) {
    const char *micros = getenv("SYNC_MICROS");
    long nanos = micros ? atol(micros) * 1000 : 0;
    struct timespec time = {nanos / 1000000000, nanos % 1000000000};
    if (nanos > 0) nanosleep(&time, NULL);
    return 0;
}

int fsync(int file) {
    (void)file;
    return wait_for_the_disk();
}

int fdatasync(int file) {
    (void)file;
    return wait_for_the_disk();
}
