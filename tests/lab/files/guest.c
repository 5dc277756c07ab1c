/* The only program of a lab guest: counts ticks on the console, dirties memory at a chosen rate,
   obeys the power button. One process that sleeps nearly always, because the guest is emulated. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, SECTOR = 512, MAX_INPUTS = 8, SLICES = 10, SECOND_MS = 1000 };

static void read_text(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY);
  ssize_t length = file < 0 ? 0 : read(file, text, size - 1);
  text[length > 0 ? length : 0] = 0;
  close(file);
  text[strcspn(text, "\n")] = 0;
}

/* Three passes: then the order in which the modules depend on each other does not matter. */
static void load_modules(void) {
  for (int pass = 0; pass < 3; pass++) {
    DIR *directory = opendir("/lib");
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
      char path[300];
      snprintf(path, sizeof path, "/lib/%s", entry->d_name);
      int file = open(path, O_RDONLY);
      if (strstr(path, ".ko")) syscall(SYS_finit_module, file, "", 0);
      close(file);
    }
    if (directory) closedir(directory);
  }
}

static const char *option(const char *command_line, const char *key) {
  static char value[64];
  const char *found = strstr(command_line, key);
  value[0] = 0;
  if (found) sscanf(found + strlen(key), "%63s", value);
  return value;
}

static unsigned long count_boot(void) {
  char sector[SECTOR] = "";
  int disk = -1;
  for (int attempt = 0; disk < 0 && attempt < 50; attempt++) {
    disk = open("/dev/vda", O_RDWR);
    if (disk < 0) usleep(100000);
  }
  if (disk < 0 || pread(disk, sector, SECTOR, 0) != SECTOR) return 0;
  unsigned long boots = strtoul(sector, NULL, 10) + 1;
  memset(sector, 0, SECTOR);
  snprintf(sector, SECTOR, "%lu\n", boots);
  if (pwrite(disk, sector, SECTOR, 0) != SECTOR) return 0;
  fsync(disk);
  close(disk);
  return boots;
}

static int open_inputs(struct pollfd *inputs) {
  int count = 0;
  for (int number = 0; number < MAX_INPUTS; number++) {
    char path[32];
    snprintf(path, sizeof path, "/dev/input/event%d", number);
    int file = open(path, O_RDONLY | O_NONBLOCK);
    if (file >= 0) inputs[count++] = (struct pollfd){.fd = file, .events = POLLIN};
  }
  return count;
}

static void obey_power_button(struct pollfd *inputs, int count) {
  struct input_event event;
  for (int number = 0; number < count; number++)
    while (read(inputs[number].fd, &event, sizeof event) == sizeof event)
      if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) {
        puts("LAB powering off");
        sync();
        reboot(RB_POWER_OFF);
      }
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static uint64_t random_word(void) {
  static uint64_t state = 88172645463325252ULL;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

int main(void) {
  char command_line[1024], boot_id[64], name[64];
  struct pollfd inputs[MAX_INPUTS];

  mount("proc", "/proc", "proc", 0, NULL);
  mount("sysfs", "/sys", "sysfs", 0, NULL);
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  freopen("/dev/console", "w", stdout);
  setvbuf(stdout, NULL, _IOLBF, 0);
  load_modules();

  read_text("/proc/cmdline", command_line, sizeof command_line);
  read_text("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
  snprintf(name, sizeof name, "%s", option(command_line, "lab.name="));
  size_t pages_per_s = atof(option(command_line, "lab.dirty=")) * 1048576 / PAGE;
  size_t pages = atof(option(command_line, "lab.buffer=")) * 1048576 / PAGE;
  unsigned long boots = count_boot();
  int input_count = open_inputs(inputs);

  /* Random words: zero pages and compressible ones would cost a migration nothing. */
  uint64_t *buffer = malloc(pages * PAGE + PAGE);
  for (size_t word = 0; word < pages * PAGE / sizeof *buffer; word++) buffer[word] = random_word();

  int slices = pages && pages_per_s ? SLICES : 1;
  size_t page = 0;
  for (unsigned long tick = 1;; tick++) {
    int64_t start = now_ms();
    printf("LAB %s boot_id=%s boots=%lu tick=%lu\n", name, boot_id, boots, tick);
    for (int slice = 1; slice <= slices; slice++) {
      for (size_t touched = 0; pages && touched < pages_per_s / slices; touched++) {
        buffer[page * PAGE / sizeof *buffer] = random_word();
        page = (page + 1) % pages;
      }
      int64_t left;
      while ((left = start + slice * SECOND_MS / slices - now_ms()) > 0)
        if (poll(inputs, input_count, left) > 0) obey_power_button(inputs, input_count);
    }
  }
}
