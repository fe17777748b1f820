# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Hold many conversations with many servers at the same time in one thread, with limits on time, memory and connections.

There are no processes, and threads only resolve names: the smallest server with any Python can probe a fleet. Each connection
has a single deadline, so a peer that sends byte by byte cannot delay the run for longer than a silent one.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import resource
import select
import socket
import time
from collections import OrderedDict, deque

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import seconds_up
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.answers import CLOSED, RESET, verdict
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.resolve import find_addresses

# Python 2.7 has no clock that is safe from being set.
_now = seconds_up

# Delay before a dropped connection is tried again, in seconds: a busy server may have recovered by then.
RETRY_PAUSE = 0.2
# File descriptors that are reserved for the rest of the process.
_SPARE_DESCRIPTORS = 32
_RECEIVE_SIZE = 16384
_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, errno.EINTR)
_TRY_LATER = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EINTR)


class _Connection(object):
    def __init__(self, task, link, deadline):
        self.task = task
        self.address = task.endpoint.address
        self.link = link
        self.deadline = deadline
        self.conversation = task.make()
        self.outgoing = bytearray(self.conversation.start())
        self.connected = False


def run(tasks, timeout=5.0, concurrency=64, per_endpoint=4, retries=1):
    """Hold all conversations. Each task then has its ``outcome`` (a Verdict) and its number of ``tries``.

    :param timeout: time limit of one connection, from connecting to the verdict, and of resolving one name, in seconds
    :param concurrency: maximum number of simultaneous connections
    :param per_endpoint: maximum number of simultaneous connections to one endpoint
    :param retries: further attempts after a dropped connection
    """
    find_addresses([task.endpoint for task in tasks], timeout)
    engine = _Engine(timeout, concurrency, per_endpoint, retries)
    try:
        engine.run(tasks)
    finally:
        engine.close()


class _Engine(object):
    def __init__(self, timeout, concurrency, per_endpoint, retries):
        self._timeout = timeout
        self._limit = max(1, min(concurrency, _descriptors()))
        self._per_endpoint = max(1, per_endpoint)
        self._retries = retries
        self._ready = deque()
        self._paused = deque()
        self._active = OrderedDict()
        self._poll = select.poll()

    def run(self, tasks):
        for task in tasks:
            self._enqueue(task)
        while self._ready or self._paused or self._active:
            now = _now()
            while self._paused and self._paused[0][0] <= now:
                self._enqueue(self._paused.popleft()[1])
            while self._ready and len(self._active) < self._limit:
                self._start_next()
            self._wait()

    def close(self):
        for connection in self._active.values():
            connection.link.close()
        self._active.clear()

    # -- queues

    def _enqueue(self, task):
        endpoint = task.endpoint
        if endpoint.error:
            task.outcome = verdict('unreachable', endpoint.error)
            return
        endpoint.waiting.append(task)
        self._offer(endpoint)

    def _offer(self, endpoint):
        if endpoint.waiting and not endpoint.queued and endpoint.active < self._per_endpoint:
            endpoint.queued = True
            self._ready.append(endpoint)

    def _start_next(self):
        endpoint = self._ready.popleft()
        endpoint.queued = False
        if endpoint.waiting:
            self._start(endpoint.waiting.popleft())
            self._offer(endpoint)

    def _start(self, task):
        family, address = task.endpoint.addresses[task.endpoint.address]
        try:
            link = socket.socket(family, socket.SOCK_STREAM)
        except (OSError, IOError) as error:
            # Names may have an IPv6 address even if this machine has no IPv6.
            if error.errno == errno.EAFNOSUPPORT and self._moves_on(task, task.endpoint.address):
                return
            task.outcome = verdict('inconclusive', 'this machine cannot create a socket: %s' % _words(error))
            return
        link.setblocking(False)
        connection = _Connection(task, link, _now() + self._timeout)
        task.endpoint.active += 1
        self._active[link.fileno()] = connection
        try:
            code = link.connect_ex(address)
        except (OSError, IOError) as error:
            code = error.errno or errno.EINVAL
        if code not in _IN_PROGRESS:
            self._failed_to_connect(connection, os.strerror(code))
            return
        self._poll.register(link.fileno(), select.POLLOUT)

    # -- events

    def _wait(self):
        until = [self._paused[0][0]] if self._paused else []
        if self._active:
            until.append(next(iter(self._active.values())).deadline)
        if not until:
            return
        pause = max(0.0, min(until) - _now())
        try:
            events = self._poll.poll(int(pause * 1000) + 1) if self._active else time.sleep(pause)
        except (OSError, IOError, select.error) as error:
            # In Python 2.7 a signal interrupts poll.
            if error.args[0] != errno.EINTR:
                raise
            events = None
        for descriptor, _event in events or ():
            self._handle(self._active[descriptor])
        self._expire()

    def _expire(self):
        # All have the same time limit, so the one that started first is the first to exceed it.
        now = _now()
        while self._active:
            connection = next(iter(self._active.values()))
            if connection.deadline > now:
                return
            if connection.connected:
                words = 'gave no complete answer within %g seconds' % self._timeout
                self._finish(connection, connection.conversation.end(words, False))
            else:
                self._failed_to_connect(connection, 'no connection within %g seconds' % self._timeout)

    def _handle(self, connection):
        try:
            if not connection.connected:
                code = connection.link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    self._failed_to_connect(connection, os.strerror(code))
                    return
                self._connected(connection)
            if connection.outgoing:
                self._send(connection)
            else:
                self._receive(connection)
        except (OSError, IOError) as error:
            if error.errno in _TRY_LATER:
                return
            how = RESET if error.errno in (errno.ECONNRESET, errno.EPIPE) else 'failed (%s)' % _words(error)
            self._finish(connection, connection.conversation.end(how, True))

    def _connected(self, connection):
        connection.connected = True
        connection.task.tries += 1
        endpoint = connection.task.endpoint
        if not endpoint.answered:
            endpoint.answered, endpoint.address = True, connection.address

    def _send(self, connection):
        sent = connection.link.send(bytes(connection.outgoing))
        del connection.outgoing[:sent]
        if not connection.outgoing:
            self._poll.modify(connection.link.fileno(), select.POLLIN)

    def _receive(self, connection):
        data = connection.link.recv(_RECEIVE_SIZE)
        if not data:
            self._finish(connection, connection.conversation.end(CLOSED, True))
            return
        answer, found = connection.conversation.feed(data)
        if found is not None:
            self._finish(connection, found)
        elif answer:
            connection.outgoing += bytearray(answer)
            self._poll.modify(connection.link.fileno(), select.POLLOUT)

    # -- ends

    def _failed_to_connect(self, connection, words):
        task, endpoint = connection.task, connection.task.endpoint
        if self._moves_on(task, connection.address):
            self._release(connection)
            return
        task.misses += 1
        again = endpoint.answered and task.misses <= self._retries
        self._finish(connection, verdict('unreachable', words, again=again))
        if not endpoint.answered:
            # Nothing listens there, so the other tasks need not try it one after the other.
            while endpoint.waiting:
                endpoint.waiting.popleft().outcome = verdict('unreachable', words)

    def _moves_on(self, task, failed):
        """Return whether the endpoint has another address to try after one that does not answer; the task then waits for that."""
        endpoint = task.endpoint
        if not endpoint.answered and failed == endpoint.address < len(endpoint.addresses) - 1:
            endpoint.address += 1
        if failed == endpoint.address:
            return False
        endpoint.waiting.appendleft(task)
        self._offer(endpoint)
        return True

    def _finish(self, connection, found):
        task = connection.task
        self._release(connection)
        task.silences += found.silent
        if found.again and task.tries <= self._retries:
            self._paused.append((_now() + RETRY_PAUSE, task))
        else:
            task.outcome = found

    def _release(self, connection):
        descriptor = connection.link.fileno()
        del self._active[descriptor]
        try:
            self._poll.unregister(descriptor)
        except KeyError:
            # It has not been waiting yet.
            pass
        connection.link.close()
        connection.task.endpoint.active -= 1
        self._offer(connection.task.endpoint)


def _descriptors():
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft - _SPARE_DESCRIPTORS


def _words(error):
    return getattr(error, 'strerror', None) or str(error)
