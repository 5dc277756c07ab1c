# Starts what a cluster node runs and is not running. No argument: all of it; otherwise one name.
exec </dev/null
mkdir -p /var/log/libvirt /var/log/pacemaker /var/log/corosync
start_sshd() {
  pidof sshd >/dev/null || /usr/sbin/sshd -E /var/log/sshd.log
}
start_libvirtd() {
  pidof libvirtd >/dev/null && return
  setsid /usr/sbin/libvirtd -d -l -f /etc/libvirt/libvirtd.conf -p /run/libvirtd.pid >>/var/log/libvirtd.out 2>&1
}
start_cluster() {
  pidof corosync >/dev/null || /usr/sbin/corosync >>/var/log/corosync.out 2>&1
  pidof pacemakerd >/dev/null && return
  PCMK_logfile=/var/log/pacemaker/pacemaker.log PCMK_logfacility=none \
    setsid /usr/sbin/pacemakerd >>/var/log/pacemakerd.out 2>&1 &
  echo $! >/run/pacemakerd.pid
}
set -e
for daemon in ${1:-sshd libvirtd cluster}; do
  "start_$daemon"
done
