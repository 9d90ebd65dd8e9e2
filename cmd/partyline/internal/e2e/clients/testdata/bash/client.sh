# bash says what it reads. $1 is what it does at the end of its input.
case $1 in
redirect) cat >"/dev/tcp/$HOST/$PORT" ;; # closes, and has never read
close)                                   # closes, and goes on for as long as there is a reader
	exec 3<>"/dev/tcp/$HOST/$PORT"
	cat >&3
	exec 3>&-
	;;
exit) # ends, after one write a line
	exec 3<>"/dev/tcp/$HOST/$PORT"
	while IFS= read -r line; do echo "$line" >&3; done
	;;
listen) # nothing: it reads on
	exec 3<>"/dev/tcp/$HOST/$PORT"
	cat <&3 &
	cat >&3
	wait
	;;
esac
