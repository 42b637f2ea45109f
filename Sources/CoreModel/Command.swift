public import Wire

/// What the person or program in front of a peer asks for. Texts are as typed: the core checks them.
public enum Command: Equatable, Sendable {
    /// Say in a room; nil is the default room (the LAN lobby, or the relay's where there is no LAN).
    case say(text: String, kind: Entry.Kind, room: RoomName?)
    /// Say privately to a name, `name@RELAY`, `name#` and the beginning of an ID, or a peer ID in hexadecimal.
    case tell(to: String, text: String, kind: Entry.Kind)
    /// What is typed goes to this one only from now on, or (nil) to a room; a conversation stays with the key that has
    /// the name when it is entered.
    case converse(with: String?)
    case who
    /// The last `limit` lines of a room (nil: the default room).
    case history(room: RoomName?, limit: Int)
    case search(words: String, limit: Int)
    case nick(String)
    /// Away with a word why, or back (nil).
    case away(String?)
    case block(String)
    case unblock(String)
    /// Who is blocked, here or not.
    case blocked
    /// Drop all that was said in a room until now: a lobby, or the conversation with somebody.
    case forget(RoomName)
    /// Moderation of a relay.
    case op(password: String)
    case kick(name: String, reason: String)
    case ban(name: String, reason: String)
    case unban(name: String)
    case bans
    /// Keep somebody from speaking in a relay's lobby, or let them speak again.
    case mute(name: String, reason: String)
    case unmute(name: String)
    /// Say what a relay's lobby is about; empty for nothing.
    case topic(String)
    /// Leave. `afterReceipts`: first wait, at most 2 s, until all that is owed is sent and received.
    case quit(afterReceipts: Bool)
}

/// Ties what a command led to back to the command; chosen by the front end, opaque to the core.
public struct CommandToken: Hashable, Sendable {
    public var number: UInt64

    public init(number: UInt64) { self.number = number }
}
