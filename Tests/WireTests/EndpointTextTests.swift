import Testing
import Wire

@Suite("Addresses as text")
struct EndpointTextTests {
    @Test(
        "an address is formatted as in RFC 5952 and parsed back",
        arguments: [
            ("192.0.2.1", IPAddress.v4(0xC000_0201)),
            ("0.0.0.0", .v4(0)),
            ("255.255.255.255", .v4(.max)),
            ("::", .v6(high: 0, low: 0, scope: 0)),
            ("::1", .v6(high: 0, low: 1, scope: 0)),
            ("1::", .v6(high: 0x0001_0000_0000_0000, low: 0, scope: 0)),
            ("fe80::1%3", .v6(high: 0xFE80_0000_0000_0000, low: 1, scope: 3)),
            ("2001:db8::1:0:0:1", .v6(high: 0x2001_0DB8_0000_0000, low: 0x0001_0000_0000_0001, scope: 0)),
            ("2001:0:0:1::1", .v6(high: 0x2001_0000_0000_0001, low: 1, scope: 0)),
            ("2001:db8:0:1:1:1:1:1", .v6(high: 0x2001_0DB8_0000_0001, low: 0x0001_0001_0001_0001, scope: 0)),
            ("::ffff:192.0.2.1", .v6(high: 0, low: 0xFFFF_C000_0201, scope: 0)),
        ])
    func canonical(text: String, address: IPAddress) {
        #expect(address.description == text)
        #expect(IPAddress(text) == address)
    }

    @Test("other spellings of the same address are parsed too")
    func otherSpellings() {
        #expect(IPAddress("2001:DB8:0:0:0:0:0:1") == IPAddress("2001:db8::1"))
        #expect(IPAddress("64:ff9b::192.0.2.33") == IPAddress("64:ff9b::c000:221"))
        #expect(IPAddress("1:2:3:4:5:6:7::")?.description == "1:2:3:4:5:6:7:0")
    }

    @Test(
        "a text that is not an address is rejected",
        arguments: [
            "", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "+1.2.3.4", "1.2.3.4 ", ":", ":::", "1::2::3",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::+1", "fe80::1%",
            "fe80::1%eth0",
            "fe80::1%99999999999", "1.2.3.4::", "localhost", "::1.2.3", "::1%0", "::%-1",
        ])
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("an endpoint is an address and a port, with IPv6 addresses in brackets")
    func endpoints() {
        for text in ["192.0.2.1:47474", "[fe80::1%3]:47474", "[::1]:1", "127.0.0.1:65535"] {
            #expect(Endpoint(text)?.description == text)
        }
        for text in [
            "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:+1", "[192.0.2.1]:1", "::1:80",
            "[::1]",
            "[::1]80", "host:1", ":1", "[]:1",
        ] {
            #expect(Endpoint(text) == nil, "\(text)")
        }
    }

    @Test("every address survives formatting and parsing")
    func roundTrip() {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        for _ in 0..<2_000 {
            // Groups are zeroed at random, so that every shape of shortening occurs.
            var halves = [next(), next()]
            for index in 0..<8 where next() % 2 == 0 { halves[index / 4] &= ~(0xFFFF << UInt64(index % 4 * 16)) }
            let address = IPAddress.v6(high: halves[0], low: halves[1], scope: UInt32(next() % 3))
            #expect(IPAddress(address.description) == address)
            let endpoint = Endpoint(address: .v4(UInt32(truncatingIfNeeded: next())), port: UInt16(next() % 65535 + 1))
            #expect(Endpoint(endpoint.description) == endpoint)
        }
    }
}
