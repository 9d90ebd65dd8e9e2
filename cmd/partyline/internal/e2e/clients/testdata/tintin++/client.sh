# TinTin++ says what is typed.
PATH=$PATH:/usr/games
exec tt++ -G -e "#session {partyline} {$HOST} {$PORT}"
