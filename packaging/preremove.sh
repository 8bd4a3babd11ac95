#!/bin/sh
# The timer ends with the program; an upgrade leaves it alone. dpkg says "remove" or
# "upgrade", rpm how many versions stay. The vault in /var/lib/lookervault and the key in
# /etc/lookervault/lookervault.env are nobody's to remove.
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now lookervault.timer || true
	fi
	;;
esac
