"""A desktop that is dark or light: the settings portal alone, as GNOME answers it.

Run by the system's Python, which has the binding, on a session bus of its own: ``dark_portal.py
PROGRAM [ARGUMENT...]``. It says dark, runs the program with its own process number as the last
argument, and says the other with every SIGUSR1.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys

from gi.repository import Gio, GLib

INTERFACE = "org.freedesktop.portal.Settings"
DESCRIPTION = f"""
<node><interface name="{INTERFACE}">
  <method name="ReadAll"><arg type="as" direction="in"/><arg type="a{{sa{{sv}}}}" direction="out"/>
  </method>
  <method name="Read"><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="v" direction="out"/></method>
  <method name="ReadOne"><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="v" direction="out"/></method>
  <signal name="SettingChanged"><arg type="s"/><arg type="s"/><arg type="v"/></signal>
  <property name="version" type="u" access="read"/>
</interface></node>"""
APPEARANCE, SCHEME = "org.freedesktop.appearance", "color-scheme"
DARK, LIGHT = 1, 2
NO_PREFERENCE = 0
"""What GNOME says for light."""


def main() -> int:
    scheme = DARK
    schemes = itertools.cycle((LIGHT, DARK, NO_PREFERENCE, DARK))

    def answer(*call: object) -> None:
        method, asked, invocation = call[4], call[5], call[6]
        value = GLib.Variant("u", scheme)
        if method == "ReadAll":
            invocation.return_value(GLib.Variant("(a{sa{sv}})", ({APPEARANCE: {SCHEME: value}},)))
        elif asked.unpack() != (APPEARANCE, SCHEME):
            invocation.return_dbus_error("org.freedesktop.portal.Error.NotFound", "unknown")
        else:
            value = GLib.Variant("v", value) if method == "Read" else value
            invocation.return_value(GLib.Variant("(v)", (value,)))

    def change() -> bool:
        nonlocal scheme
        scheme = next(schemes)
        told = GLib.Variant("(ssv)", (APPEARANCE, SCHEME, GLib.Variant("u", scheme)))
        bus.emit_signal(None, "/org/freedesktop/portal/desktop", INTERFACE, "SettingChanged", told)
        return True

    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    interface = Gio.DBusNodeInfo.new_for_xml(DESCRIPTION).interfaces[0]
    bus.register_object(
        "/org/freedesktop/portal/desktop",
        interface,
        answer,
        lambda *_asked: GLib.Variant("u", 2),
        None,
    )
    Gio.bus_own_name_on_connection(bus, "org.freedesktop.portal.Desktop", 0, None, None)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR1, change)
    loop = GLib.MainLoop()
    program = subprocess.Popen([*sys.argv[1:], str(os.getpid())])
    GLib.timeout_add(100, lambda: program.poll() is None or loop.quit())
    loop.run()
    return program.returncode


if __name__ == "__main__":
    sys.exit(main())
