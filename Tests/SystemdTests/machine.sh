#!/usr/bin/env bash
# A machine for one test: a real systemd as PID 1 of namespaces of its own, on a throw-away copy of this machine's
# root. What is written inside goes to memory and is gone at the end; nothing of this machine is changed.
#
#   machine.sh check                     says why it cannot run here and exits with 1, or exits with 0
#   machine.sh boot SHARED               boots, writes its PID 1 (as seen from outside) to SHARED/pid, and holds the
#                                        machine until standard input ends or SIGTERM comes. SHARED, a directory, is
#                                        the same inside and outside.
#   machine.sh enter PID COMMAND...      runs a command inside, and exits as it does
#
# The network is the one outside: the far end of a test listens on its loopback.
set -euo pipefail

say() { echo "machine.sh: $*" >&2; exit 1; }
namespaces=(--mount --pid --uts --ipc --cgroup)
# What is not the namespaces' own stays out of reach: the clock, kernel modules, raw devices.
bounds=-sys_time,-sys_module,-sys_rawio,-wake_alarm,-syslog
cgroup_root() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

check() {
    [ "$(id -u)" = 0 ] || say "needs root, to make namespaces and mounts"
    for tool in unshare nsenter setpriv pivot_root mount pgrep systemd-run systemctl; do
        command -v "$tool" >/dev/null || say "needs $tool (apt install util-linux mount procps systemd)"
    done
    [ -x /lib/systemd/systemd ] || say "needs systemd (apt install systemd)"
    command -v dbus-daemon >/dev/null || say "needs a bus (apt install dbus)"
    [ -n "$(cgroup_root)" ] || say "needs cgroup2 mounted somewhere"
    local probe
    probe=$(mktemp -d "$(cgroup_root)/lofisup-probe.XXXXXX" 2>/dev/null) || say "may not make a cgroup in $(cgroup_root)"
    rmdir "$probe"
    unshare "${namespaces[@]}" --fork --propagation private bash -ec '
        mount -t tmpfs probe /mnt; mkdir /mnt/up /mnt/work /mnt/root
        mount -t overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work probe /mnt/root' 2>/dev/null ||
        say "may not make namespaces or an overlay of the root (needs CAP_SYS_ADMIN and overlayfs)"
}

boot() {
    local shared=$1 cgroup
    check
    # A run that was killed outright leaves an empty cgroup.
    for cgroup in "$(cgroup_root)"/lofisup-test.*; do
        [ -d "$cgroup" ] && [ ! -d "/proc/${cgroup##*.}" ] && find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
    done
    cgroup=$(cgroup_root)/lofisup-test.$$
    mkdir "$cgroup"
    # shellcheck disable=SC2064  # the values as they are now
    trap "take_down '$cgroup'" EXIT
    trap 'exit 143' TERM INT HUP
    # Descriptor 8 is this shell's standard input, so that the machine inside does not hold it.
    exec 8<&0 </dev/null
    (
        echo "$BASHPID" >"$cgroup/cgroup.procs"
        exec 8<&- setpriv --pdeathsig KILL \
            unshare "${namespaces[@]}" --propagation private --fork --kill-child=KILL bash "$0" inside "$shared"
    ) &
    outer=$!
    local tries
    for tries in $(seq 600); do
        kill -0 "$outer" 2>/dev/null || say "PID 1 ended while it started"
        init=$(pgrep -P "$outer" | head -n 1) || init=
        if [ -n "$init" ] && [ -S "/proc/$init/root/run/systemd/private" ] &&
            [ "$(cat "/proc/$init/comm")" = systemd ]; then
            break
        fi
        sleep 0.05
    done
    [ "$tries" -lt 600 ] || say "systemd did not come up in 30 s"
    local state
    state=$(timeout 60 bash "$0" enter "$init" systemctl is-system-running --wait) || true
    case $state in
        running) ;;
        degraded) bash "$0" enter "$init" systemctl --failed --no-pager --plain >&2 ;;
        *) say "systemd came up as: ${state:-nothing}" ;;
    esac
    echo "$init" >"$shared/pid.new"
    mv "$shared/pid.new" "$shared/pid"
    # Read in the background and waited for, so that a signal is acted on at once.
    cat <&8 >/dev/null &
    wait $!
}

take_down() {
    # The kernel kills all that is inside with its PID 1.
    [ -z "${init:-}" ] || kill -KILL "$init" 2>/dev/null || true
    [ -z "${outer:-}" ] || { kill -KILL "$outer"; wait "$outer"; } 2>/dev/null || true
    for _ in $(seq 100); do
        find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ -d "$1" ] || return 0
        sleep 0.05
    done
    echo "machine.sh: could not remove $1" >&2
}

enter() {
    local pid=$1
    shift
    exec nsenter --target "$pid" --mount --pid --uts --ipc --cgroup -- \
        setpriv --bounding-set "$bounds" -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        LANG=C.UTF-8 "$@"
}

# PID 1 of the namespaces, before it becomes systemd.
inside() {
    local shared=$1 root=/mnt/root node unit
    mount -t tmpfs -o mode=755,size=2G machine /mnt
    mkdir /mnt/up /mnt/work $root
    mount -t overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work machine $root
    mount -t proc -o nosuid,nodev,noexec proc $root/proc
    for node in sys sysrq-trigger irq bus; do
        [ -e $root/proc/$node ] || continue
        mount --bind $root/proc/$node $root/proc/$node
        mount -o remount,bind,ro $root/proc/$node
    done
    mount --rbind /sys $root/sys
    mount -t tmpfs -o mode=755 sysfs-fs-cgroup $root/sys/fs/cgroup
    mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
    devices $root/dev
    mount -t tmpfs -o mode=755 run $root/run
    mkdir -p $root/run/lock $root/run/dbus
    # What is enabled outside is not started inside, and neither is what would touch the kernel or the clock.
    mount -t tmpfs -o mode=755 units $root/etc/systemd/system
    rm -rf $root/var/log/journal $root/etc/lofisup $root/var/lib/lofisup $root/var/cache/lofisup
    for unit in systemd-udevd.service systemd-udev-trigger.service systemd-udevd-control.socket \
        systemd-udevd-kernel.socket systemd-sysctl.service systemd-modules-load.service kmod-static-nodes.service \
        systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-random-seed.service \
        systemd-remount-fs.service systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service \
        systemd-tmpfiles-clean.timer systemd-update-utmp.service systemd-journal-flush.service \
        systemd-journald-audit.socket systemd-pcrphase.service systemd-pcrphase-sysinit.service \
        systemd-pstore.service systemd-sysusers.service systemd-machine-id-commit.service \
        systemd-boot-system-token.service systemd-repart.service systemd-hwdb-update.service \
        systemd-firstboot.service systemd-timesyncd.service systemd-logind.service systemd-initctl.socket \
        systemd-networkd.service systemd-resolved.service procps.service kmod.service ldconfig.service \
        dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount \
        sys-kernel-tracing.mount sys-fs-fuse-connections.mount; do
        ln -s /dev/null "$root/etc/systemd/system/$unit"
    done
    mkdir -p $root/etc/systemd/journald.conf.d $root/etc/systemd/system.conf.d
    printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n' >$root/etc/systemd/journald.conf.d/machine.conf
    printf '[Manager]\nLogTarget=journal\nShowStatus=no\n' >$root/etc/systemd/system.conf.d/machine.conf
    cat >$root/etc/systemd/system/machine.target <<'UNIT'
[Unit]
Description=A machine for one test
Requires=basic.target dbus.socket
After=basic.target dbus.socket
AllowIsolate=yes
UNIT
    mount --bind /dev/null $root/etc/fstab 2>/dev/null || true
    mkdir -p "$root$shared"
    mount --bind "$shared" "$root$shared"
    hostname machine
    cd $root
    mkdir -p .outside
    pivot_root . .outside
    umount -l /.outside
    # systemd makes mounts for a unit, its credentials for one, in a namespace beside its own: they must arrive here.
    mount --make-rshared /
    exec </dev/null >/dev/null 2>&1 env -i container=lofisup-test LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        setpriv --bounding-set "$bounds" -- /lib/systemd/systemd --system --unit=machine.target
}

devices() {
    local node
    mount -t tmpfs -o mode=755,nosuid dev "$1"
    for node in null zero full random urandom tty; do
        touch "$1/$node"
        mount --bind "/dev/$node" "$1/$node"
    done
    mkdir "$1/pts" "$1/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$1/pts"
    mount -t tmpfs -o mode=1777,nosuid,nodev shm "$1/shm"
    ln -s pts/ptmx "$1/ptmx"
    ln -s /proc/self/fd "$1/fd"
    for node in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${node%%:*}" "$1/${node#*:}"; done
    ln -s null "$1/console"
}

case ${1:-} in
    check) check ;;
    boot | inside) "$1" "$2" ;;
    enter) shift && enter "$@" ;;
    *) say "usage: machine.sh check | boot SHARED | enter PID COMMAND..." ;;
esac
