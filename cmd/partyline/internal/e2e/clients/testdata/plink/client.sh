# PuTTY's plink says what it reads over the protocol that $1 names. At the end of its input
# it ends its sending side, and reads on to the end; in telnet it sends IAC EOF in its place.
exec plink -batch "-$1" -P "$PORT" "$HOST"
