# bash sends the lines of its standard input. $1 selects what it does at the end of its input.
case $1 in
redirect) cat >"/dev/tcp/$HOST/$PORT" ;; # closes the connection; it never reads from it
close)                                   # the same, with a descriptor that is open for reading too
	exec 3<>"/dev/tcp/$HOST/$PORT"
	cat >&3
	exec 3>&-
	;;
exit) # exits; it sends each line with a write of its own
	exec 3<>"/dev/tcp/$HOST/$PORT"
	while IFS= read -r line; do echo "$line" >&3; done
	;;
listen) # nothing: it continues to read from the connection
	exec 3<>"/dev/tcp/$HOST/$PORT"
	cat <&3 &
	cat >&3
	wait
	;;
esac
