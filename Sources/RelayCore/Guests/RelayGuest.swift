import RoomSync
import Secure
import Wire

/// A guest with plain text, as its link has it: the relay holds its key and says and hears everything for it.
struct RelayGuest {
    /// Named by what is awaited.
    enum Stage: Equatable {
        case awaitingName
        case awaitingPassword(Nickname)
        case member
    }

    /// Made for this connection; what the guest says is signed with it.
    let identity: Identity
    var stage = Stage.awaitingName
    var terminal = GuestTerminal()
    /// Names and passwords that were of no use.
    var failures = 0
    /// The Lamport time of what it said last: what waits for its time is in no log yet.
    var lamport: UInt64 = 0
    /// The same of what is private with members.
    var privateLamport: UInt64 = 0
    /// What is still to be sent, whole lines.
    var outgoing: [UInt8] = []

    /// After so many names and passwords that were of no use, the connection is closed.
    static let failureLimit = 10
    /// How long it may take to type a name and a password.
    static let joinTime = Duration.seconds(120)
    /// What was said last and is shown to who comes in, in lines.
    static let historyCount = 10
    /// Names in one answer to `/who`.
    static let whoCount = 500
}

/// All guests of a relay.
struct RelayGuests {
    /// Names of members that have gone or go by another name, for pointing out who takes them.
    private static let formerNameCount = 10_000

    /// A member as guests know it.
    struct Shown: Equatable {
        var name: String
        var isGuest: Bool
    }

    /// Connections, those included that have not given a name.
    var count = 0
    /// Who is here by name, as those guests that are members have been told. Never walked.
    private var shown: [PeerID: Shown] = [:]
    /// The members that had these names (folded) before, while there were guests.
    private var formerHolders: [String: PeerID] = [:]
    /// The last frame of entries and its lines: what goes to all guests is put into words once.
    var worded: (frame: [UInt8], lines: [UInt8]) = ([], [])

    /// Who is here, all told.
    mutating func show(_ roster: [RelayMember]) {
        shown = Dictionary(roster.map { ($0.peer, Shown($0)) }) { first, _ in first }
    }

    /// Whether guests know this member by this name.
    func isShown(_ peer: PeerID, as name: Nickname) -> Bool {
        shown[peer].flatMap { try? Nickname($0.name) } == name
    }

    /// What guests are told of a change; nil: nothing.
    mutating func line(of change: RelayMember) -> String? {
        let former = shown[change.peer]
        let isHere = change.state == .here
        shown[change.peer] = isHere ? Shown(change) : nil
        if let former, !isHere || former.name != change.name { noteFormer(former, of: change.peer) }
        guard let line = change.line(knownAs: former?.name) else { return nil }
        let isAnother = isHere && isTaken(change.name, by: change.peer)
        return isAnother ? "\(line) (not the same key as the \(change.name) of before)" : line
    }

    /// Other guests have another key each time, so of theirs nothing follows.
    private mutating func noteFormer(_ former: Shown, of peer: PeerID) {
        guard let folded = (try? Nickname(former.name))?.folded else { return }
        guard formerHolders[folded] != nil || formerHolders.count < Self.formerNameCount else { return }
        formerHolders[folded] = former.isGuest ? nil : peer
    }

    private func isTaken(_ name: String, by peer: PeerID) -> Bool {
        guard let folded = (try? Nickname(name))?.folded, let former = formerHolders[folded] else { return false }
        return former != peer
    }
}

extension RelayGuests.Shown {
    init(_ member: RelayMember) { self.init(name: member.name, isGuest: member.traits.contains(.isGuest)) }
}

extension RelayMember {
    /// What guests are told of a change.
    /// - Parameter former: The name that they know; nil if they were not told.
    func line(knownAs former: String?) -> String? {
        switch (state, former) {
        case (.here, nil): "* \(name) joined"
        case (.here, name?): nil
        case (.here, let former?): "* \(former) is now \(name)"
        case (_, nil): nil
        case (.left, _): "* \(name) left"
        case (.lost, _): "* \(name) left (lost the connection)"
        case (.kicked, _): "* \(name) was removed"
        case (.banned, _): "* \(name) was banned"
        case (.other, _): "* \(name) is no longer here"
        }
    }
}
