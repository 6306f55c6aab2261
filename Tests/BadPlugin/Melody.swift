import Glibc

/// Something that Admission takes: notes that come and go, others for each seed.
enum Melody {
    private static let rate = 44_100

    static func wav(seconds: Double, seed: UInt64) -> [UInt8] {
        let frames = Int(seconds * Double(rate))
        var bytes = header(frames: frames, format: 1, sampleBytes: 2)
        bytes.reserveCapacity(bytes.count + frames * 4)
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var step = 0.0
        var phase = 0.0
        for frame in 0..<frames {
            let place = frame % 11_025
            if place == 0 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                step = 2 * Double.pi * 196 * pow(2, Double(state >> 59) / 12) / Double(rate)
            }
            phase += step
            let envelope = min(1, Double(place) / 300) * max(0, 1 - Double(place) / 11_025)
            let left = Int16((sin(phase) + 0.4 * sin(2 * phase)) * envelope * 9000)
            for value in [left, left / 2 + left / 4] {
                bytes.append(UInt8(truncatingIfNeeded: value))
                bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            }
        }
        return bytes
    }

    static func notNumbers(seconds: Double) -> [UInt8] {
        let frames = Int(seconds * Double(rate))
        let sample: [UInt8] = [0, 0, 0xC0, 0x7F]
        return header(frames: frames, format: 3, sampleBytes: 4) + (0..<2 * frames).flatMap { _ in sample }
    }

    private static func header(frames: Int, format: Int, sampleBytes: Int) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8((value >> (8 * $0)) & 255) } }
        let data = frames * 2 * sampleBytes
        return Array("RIFF".utf8) + little(36 + data, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(format, 2)
            + little(2, 2) + little(rate, 4) + little(rate * 2 * sampleBytes, 4) + little(2 * sampleBytes, 2)
            + little(8 * sampleBytes, 2) + Array("data".utf8) + little(data, 4)
    }
}
