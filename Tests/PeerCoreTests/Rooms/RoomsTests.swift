import CoreTestKit
import Secure
import Testing
import Wire

@testable import CoreModel
@testable import PeerCore
@testable import RoomSync

@Suite("Open rooms")
struct RoomsTests {
    @Test("working on a room's log by its key leaves no reference to it behind")
    func nothingLeft() throws {
        weak var seen: MemoryArchive?
        let (bea, hub) = (Example.authors[1].peerID, Example.authors[2].peerID)
        do {
            let archive = MemoryArchive()
            seen = archive
            var rooms = Rooms()
            let gathering = try #require(GatheringID([UInt8](repeating: 1, count: 32)))
            let room = RoomID.lobby
            rooms.openLobby(try RoomLog(log: .lobby(gathering), room: room, archive: archive), of: gathering)
            rooms.openConversation(try RoomLog(log: .conversation(bea), room: room, archive: archive), with: bea)
            rooms.openRelayLobby(try RoomLog(log: .relayLobby(hub), room: room, archive: archive), of: hub)
            for key in rooms.keys {
                let entry = Example.entry("x", lamport: 1, room: room)
                let now = Instant(nanoseconds: 0)
                #expect(try rooms[key]?.insert(entry, at: now, durability: .normal) == .added)
                #expect(rooms[key]?.contains(entry.key) == true && rooms[key]?.nextShown(at: now) != nil)
                #expect(rooms[key]?.nextWanted() == [])
            }
            #expect(rooms.keys.count == 3 && rooms[.relayLobby(bea)] == nil && seen != nil)
        }
        #expect(seen == nil)
    }
}
