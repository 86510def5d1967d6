"""Hostile conversations, drawn from a grammar, and what must hold after each of them. `make fuzz` draws a million.

choices.py        numbers that are read as choices: where they end, all is well
conversation.py   CONVERSATIONS: which probe asks, and the numbers for each turn; drawn from a seed
odd_values.py     JSON values, texts and schemas that somebody forgot
messages.py       what is done to a JSON-RPC message, and what is said before and after it
http_turns.py     what is done to HTTP and to event streams
pipe_turns.py     what is done to lines, streams and the life of a process
http_player.py    plays conversations over HTTP, all of them on one port
pipe_player.py    plays them over the pipes of a process that is none: a start costs nothing
child.py          plays one as a real process
probes.py         the probes that ask: every kind, three transports, both eras
properties.py     what must hold of an outcome, its reports, metrics and history
loop_watch.py     how long one callback holds the event loop, by the processor's clock
campaign.py       many conversations at once, and what is left of them in the end
"""
