# The first process of a node, in fresh mount, UTS, IPC, PID and network namespaces.
# Arguments: node, the lab's directory, the cache, then paths of the host to show read-only.
set -e
node=$1 base=$2 cache=$3
shift 3
directory=$base/nodes/$node
root=$directory/root

# /proc is still the host's: the process id in it is the one the lab can signal.
read -r host_pid _ </proc/self/stat
echo "$host_pid" >"$directory/init.pid.new"
mv "$directory/init.pid.new" "$directory/init.pid"

mount --make-rprivate /
mount -t overlay "lab-$node" -o "lowerdir=$directory/lower,upperdir=$directory/upper,workdir=$directory/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"

# No /dev/kvm: it may exist on the host and not work.
mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
while read -r name minor; do
  mknod -m 666 "$root/dev/$name" c 1 "$minor"
done <<X
null 3
zero 5
full 7
random 8
urandom 9
X
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net" "$root/dev/mapper"
mknod -m 600 "$root/dev/net/tun" c 10 200
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=1777,size=512m shm "$root/dev/shm"
mount -t tmpfs -o mode=755,size=64m run "$root/run"
mount -t tmpfs -o mode=1777,size=256m tmp "$root/tmp"
mkdir -p "$root/run/lock" "$root/run/sshd" "$root/run/libvirt" "$root/run/user/0"
install -d -m 1755 "$root/run/resource-agents"

mkdir -p "$root/srv/lab" "$root/opt/lab"
mount --bind "$base/shared" "$root/srv/lab"
mount --bind "$cache/bin" "$root/opt/lab"
for path; do
  mkdir -p "$root$path"
  mount --bind "$path" "$root$path"
  mount -o remount,bind,ro "$root$path"
done

cd "$root"
mkdir -p .old
pivot_root . .old
cd /
umount -l /.old
rmdir /.old

# Who that is differs from one release to another.
install -d -m 750 -o hacluster -g haclient /run/crm
hostname "$node"
ip link set lo up
ip link add br-vm type bridge
ip link set br-vm up
: >/run/lab-ready

exec </dev/null >/dev/null 2>&1
trap : TERM INT HUP
while :; do
  sleep 1000000 &
  wait
done
