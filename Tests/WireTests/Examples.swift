import Wire

/// Values with plain, distinct bytes, from which the frozen examples are built.
enum Examples {
    static let peer = PeerID([UInt8](0x00...0x1F))!
    static let room = RoomID([UInt8](0x20...0x3F))!
    static let gathering = GatheringID([UInt8](0x40...0x5F))!
    static let entryIDs = [EntryID([UInt8](0x60...0x7F))!, EntryID([UInt8](0x80...0x9F))!]
    /// A placeholder for a signature; no key made it.
    static let signature = [UInt8](0xC0...0xFF)

    static let announcement = Announcement(
        kind: .announce, peer: peer, instance: 0x0123_4567_89AB_CDEF, sequence: 1_800_000_000_001, name: "ana",
        claimTime: 1_800_000_000_000, linkPort: 47474)
    static let entry = Entry(
        room: room, author: peer, lamport: 7, wallTime: 1_800_000_000_123, parents: entryIDs, kind: .text,
        body: "hé!")

    static let signedAnnouncement = Envelope(payload: announcement.encoded(), signature: signature).bytes
    static let signedEntry = Envelope(payload: entry.encoded(), signature: signature).bytes

    static let endpoints = [
        Endpoint(address: .v4(0xC0A8_0117), port: 47474),
        Endpoint(address: .v6(high: 0xFD00_0000_0000_0001, low: 0x17, scope: 0), port: 50000),
    ]

    /// Frames of each type, with and without optional values.
    static let frames: [Frame] = [
        .hello(announcement: signedAnnouncement, gathering: gathering, away: "at lunch"),
        .hello(announcement: signedAnnouncement, gathering: nil, away: nil),
        .announcement(signedAnnouncement),
        .peers([]),
        .peers([Introduction(announcement: signedAnnouncement, endpoints: endpoints)]),
        .ping(1),
        .pong(.max),
        .goodbye(.leaving),
        .goodbye(.refused),
        .entries([signedEntry, signedEntry]),
        .reconcile(room: room, gathering: gathering, message: [1, 2, 3]),
        .reconcile(room: room, gathering: nil, message: []),
        .want(room: room, ids: entryIDs),
        .have(room: room, ids: entryIDs),
        .receipt(room: room, ids: []),
        .gathering(gathering),
        .away("at lunch"),
        .away(""),
        .away(nil),
        .authors(room: room, names: []),
        .authors(room: room, names: [AuthorName(peer: peer, name: "dora")]),
        .digest((0..<64).map { $0 &* 0x0123_4567_89AB_CDEF }),
        .advertise([]),
        .advertise([AdvertisementKey(process: ProcessTag(number: 1), sequence: 2)]),
        .request([ProcessTag(number: .max), ProcessTag(number: 0)]),
        .advertisements([]),
        .advertisements([AdvertisedPeer(advertisement: [1, 2, 3], endpoints: endpoints)]),
    ]

    static let member = RelayMember(
        peer: peer, state: .here, name: "ana", traits: [.isOperator, .isMuted], away: "at lunch")
    static let ban = RelayBan(
        name: "spam*", peer: peer, address: "192.0.2.7", reason: "spam", by: "ana", until: 1_800_000_000_000)

    /// The frames between a relay and its members.
    static let relayFrames: [Frame] = [
        .join(RelayJoin(name: "ana", isStrict: true, password: Array("secret".utf8), program: "earshot 0.1")),
        .join(RelayJoin(name: "ana", isStrict: false, password: nil, program: "")),
        .welcome(
            RelayWelcome(
                name: "ana-2", relayName: "hub", isOperator: true, topic: "tea", messageOfTheDay: "be kind", rate: 20,
                burst: 100, historyFrom: 4_711)),
        .welcome(
            RelayWelcome(
                name: "ana", relayName: "hub", isOperator: false, topic: nil, messageOfTheDay: nil, rate: 0, burst: 0)),
        .refusal(RelayRefusal(code: .banned, reason: "spam", retryAfter: 60)),
        .refusal(RelayRefusal(code: .wrongPassword, reason: "", retryAfter: nil)),
        .members(RelayMembers(isFresh: true, changes: [member])),
        .members(
            RelayMembers(isFresh: false, changes: [RelayMember(peer: peer, state: .kicked, name: "ana")])),
        .moderate(RelayModeration(number: 7, act: .ban, target: "bob", text: "spam", seconds: 3600)),
        .moderate(RelayModeration(number: 8, act: .bans)),
        .moderated(RelayModerated(number: 8, outcome: .done, text: "1 ban", bans: [ban])),
        .moderated(
            RelayModerated(
                number: 8, outcome: .done, text: "1 ban",
                bans: [RelayBan(name: "bob", peer: nil, address: nil, reason: "", by: "ana", until: nil)])),
        .moderated(RelayModerated(number: 9, outcome: .notAllowed, text: "only operators may do that")),
        .removed(RelayRemoval(how: .kick, by: "ana", reason: "spam")),
        .notice("the relay is being stopped"),
        .topic("tea", by: "ana"),
        .topic(nil, by: "ana"),
        .tunnel(RelayTunnel(peer: peer, number: 5, isFromOpener: true), bytes: [1, 2, 3]),
        .tunnelClosed(RelayTunnel(peer: peer, number: 5, isFromOpener: false)),
        .declined(room: room, ids: entryIDs, why: .muted),
    ]
}
