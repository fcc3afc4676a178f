#!/bin/sh
# System programs that some tests need. As root with apt they are installed; otherwise this names what is missing and what is left out.
set -eu

# program:package:what is left out without it
wanted='
ip:iproute2:all tests in network namespaces (tests/lab)
ping:iputils-ping:the comparison with the system ping
fping:fping:the cost of a probe beside that of fping
snmpd:snmpd:SNMP against a real agent
snmptrap:snmp:traps and informs of a real sender
sshd:openssh-server:SSH against a real server
ssh-keygen:openssh-client:SSH against a real server
openssl:openssl:SSH against a real server
nft:nftables:lost packets in the lab
unshare:util-linux:the lab as a plain user
promtool:prometheus:alert rules and metric names
systemd-analyze:systemd:the systemd units
strace:strace:system calls of the probing loop
'
PATH="$PATH:/usr/sbin:/sbin"
missing=''
packages=''
old_ifs=$IFS
IFS='
'
for line in $wanted; do
    program=${line%%:*}
    rest=${line#*:}
    if ! command -v "$program" >/dev/null 2>&1; then
        packages="$packages ${rest%%:*}"
        missing="$missing
  $program (Debian package ${rest%%:*}): without it the tests leave out ${rest#*:}"
    fi
done
IFS=$old_ifs
[ -n "$packages" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$packages"
    # Packages like snmpd start their service when they are installed; the lab starts its own.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list of names
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages >/dev/null; then
        exit 0
    fi
    echo 'apt-get could not install them; the tests that need them are skipped' >&2
fi
echo "missing on this machine:$missing" >&2
