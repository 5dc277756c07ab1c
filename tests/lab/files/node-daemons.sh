# Starts what a cluster node runs. No argument: all of it; otherwise one daemon's name.
exec </dev/null
mkdir -p /var/log/libvirt /var/log/pacemaker /var/log/corosync
start_sshd() {
  /usr/sbin/sshd -E /var/log/sshd.log
}
start_libvirtd() {
  setsid /usr/sbin/libvirtd -d -l -f /etc/libvirt/libvirtd.conf -p /run/libvirtd.pid >>/var/log/libvirtd.out 2>&1
}
start_cluster() {
  /usr/sbin/corosync >>/var/log/corosync.out 2>&1
  PCMK_logfile=/var/log/pacemaker/pacemaker.log PCMK_logfacility=none \
    setsid /usr/sbin/pacemakerd >>/var/log/pacemakerd.out 2>&1 &
}
set -e
for daemon in ${1:-sshd libvirtd cluster}; do
  "start_$daemon"
done
