# TinTin++ sends what is typed on its terminal.
PATH=$PATH:/usr/games
exec tt++ -G -e "#session {partyline} {$HOST} {$PORT}"
