import CoreModel
import JSON
import Wire

/// Values that the golden lines are made of.
enum Example {
    static let ana = PeerID(Array(repeating: 0xA1, count: 32))!
    static let bea = PeerID(Array(repeating: 0xBE, count: 32))!
    static let entry = EntryID(Array(repeating: 0x07, count: 32))!
    static let anaHex = String(repeating: "a1", count: 32)
    static let beaHex = String(repeating: "be", count: 32)
    static let entryHex = String(repeating: "07", count: 32)
    /// 2026-11-21T04:10:05.007Z
    static let time = WallTime(milliseconds: 1_795_234_205_007)

    static func message(
        _ text: String, room: RoomName = .lobby, isPrivate: Bool = false, kind: Entry.Kind = .text,
        isHistory: Bool = false, isOwn: Bool = false, hasGap: Bool = false
    ) -> Event.Message {
        Event.Message(
            room: room, isPrivate: isPrivate, from: "bea", fromID: bea, text: text, kind: kind, id: entry, time: time,
            lamport: 17, isHistory: isHistory, isOwn: isOwn, hasGap: hasGap)
    }

    static var messageJSON: String {
        #""room":"lobby","private":false,"from":"bea","fromID":"\#(beaHex)","text":"hi","kind":"text","#
            + #""id":"\#(entryHex)","time":"2026-11-21T04:10:05.007Z","lamport":17,"history":false,"own":false"#
    }
}

extension String {
    var bytes: [UInt8] { Array(utf8) }
}
