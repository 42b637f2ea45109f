public import Wire

/// A command of the person or program that uses a peer. Texts are as typed: the core checks them.
public enum Command: Equatable, Sendable {
    /// Sends a message to a room; nil is the default room (the LAN lobby, or the relay's where there is no LAN).
    case say(text: String, kind: Entry.Kind, room: RoomName?)
    /// Sends a private message to a name, to `name@RELAY`, to `name#` and the beginning of an ID, or to a peer ID in
    /// hexadecimal.
    case tell(to: String, text: String, kind: Entry.Kind)
    /// Sends all further input to this peer only or, with nil, to a room again. A conversation stays with the key that
    /// holds the name when it is entered.
    case converse(with: String?)
    case who
    /// Shows the last `limit` lines of a room (nil: the default room).
    case history(room: RoomName?, limit: Int)
    case search(words: String, limit: Int)
    case nick(String)
    /// Marks us as away, with a reason, or as back (nil).
    case away(String?)
    case block(String)
    case unblock(String)
    /// Lists the blocked peers, online or not.
    case blocked
    /// Drops all messages of a room until now: of a lobby, or of a conversation.
    case forget(RoomName)
    /// Becomes an operator of a relay.
    case op(password: String)
    case kick(name: String, reason: String)
    case ban(name: String, reason: String)
    case unban(name: String)
    case bans
    /// Prevents a member from speaking in a relay's lobby. `unmute` allows it again.
    case mute(name: String, reason: String)
    case unmute(name: String)
    /// Sets the topic of a relay's lobby; empty for none.
    case topic(String)
    /// Leaves. `afterReceipts`: first waits, for at most 2 s, until all pending messages are sent and acknowledged.
    case quit(afterReceipts: Bool)
}

/// A number that ties the results of a command back to it. The front end chooses it; it is opaque to the core.
public struct CommandToken: Hashable, Sendable {
    public var number: UInt64

    public init(number: UInt64) { self.number = number }
}
