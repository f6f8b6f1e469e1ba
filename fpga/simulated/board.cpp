// A board in simulation: the generated top runs between a pseudo-terminal and its two UART pins.
//
//   board FD DIVISOR LATENCY [FAULT@N ...]
//
// Every bit goes over the pins rx and tx at DIVISOR clock cycles a bit. FD is the master side of
// the pseudo-terminal. LATENCY delays every byte, each way, by so many clock cycles, as a USB
// bridge does. Time stands still while nothing is under way. A fault strikes the N-th byte,
// counted from 1, on its way to the board:
//
//   drop     it is lost                     flip     one of its bits is inverted on the line
//   stop     its stop bit is low            spike    a short low pulse precedes it
//   restart  the board is reset before it   unplug   the pseudo-terminal closes
//
// or on its way to the host: answer-drop, answer-flip, and mute (it and all later ones are lost).
// On SIGTERM, and when the pseudo-terminal is gone, a report goes to standard output as JSON.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>

#include "Vtop.h"
#include "verilated.h"

namespace {

volatile sig_atomic_t stopped = 0;

struct Byte {
    uint8_t value;
    uint64_t due;  // cycle from which on it may go
};

using Faults = std::multimap<uint64_t, std::string>;

bool strikes(const Faults& faults, const char* kind, uint64_t position) {
    auto [from, to] = faults.equal_range(position);
    for (; from != to; ++from)
        if (from->second == kind) return true;
    return false;
}

// The host's bytes onto the pin rx: idle ones, start bit 0, eight data bits, stop bit 1.
struct Driver {
    std::deque<Byte> waiting;
    uint64_t bits = 1;  // from the low bit on; the last one is repeated for ever
    int left = 0;       // bits still to come, the present one counted
    int timer = 0;
    int spike = 0;  // cycles of the pulse
    uint64_t sent = 0, bytes = 0, restart = 0;
    bool unplugged = false;

    bool idle() const { return left == 0 && waiting.empty(); }

    void start(const Faults& faults, int divisor) {
        uint8_t value = waiting.front().value;
        waiting.pop_front();
        ++sent;
        if (strikes(faults, "restart", sent)) restart = 4;
        if (strikes(faults, "unplug", sent)) unplugged = true;
        if (strikes(faults, "drop", sent)) return;
        if (strikes(faults, "flip", sent)) value ^= 1 << 3;
        bits = (uint64_t(value) | 0x100) << 1;
        left = 10;
        if (strikes(faults, "stop", sent)) {
            bits = uint64_t(value) << 1 | 3u << 10;  // the line recovers for two bits
            left = 12;
        }
        if (strikes(faults, "spike", sent)) {
            bits = bits << 2 | 3;
            left += 2;
            spike = divisor / 4;
        }
        timer = divisor;
        ++bytes;
    }

    int pin(const Faults& faults, int divisor, uint64_t now) {
        if (left && --timer == 0) {
            --left;
            bits >>= 1;
            timer = divisor;
        }
        if (left == 0 && !waiting.empty() && waiting.front().due <= now) start(faults, divisor);
        if (left == 0) return 1;
        if (spike) return --spike, 0;
        return bits & 1;
    }
};

// The pin tx into bytes, each bit sampled in its middle.
struct Sampler {
    int left = 0;  // bits still to be sampled
    int timer = 0;
    unsigned bits = 0;
    uint64_t bytes = 0, errors = 0;

    // Whether a byte is complete; it is in `bits` then.
    bool sample(int pin, int divisor) {
        if (left == 0) {
            if (pin) return false;
            left = 10;
            timer = divisor / 2;
            bits = 0;
        }
        if (timer--) return false;
        timer = divisor - 1;
        bits = bits >> 1 | unsigned(pin) << 9;
        if (--left) return false;
        ++bytes;
        if ((bits & 1) || !pin) ++errors;
        bits = bits >> 1 & 0xff;
        return true;
    }
};

class Board {
  public:
    Board(int fd, int divisor, uint64_t latency, Faults faults)
        : fd_(fd), divisor_(divisor), latency_(latency), faults_(std::move(faults)) {
        top_.rx = 1;
        reset_ = 4;
    }

    void run() {
        const uint64_t patience = 100000;  // more than any unit takes
        uint64_t quiet = 0;                // cycles without anything under way
        for (int cycle = 0; cycle < 16 * divisor_; ++cycle) step();  // reset, and then the line rests
        while (!stopped && !driver_.unplugged) {
            bool waits = quiet >= patience;
            if (!exchange(waits)) break;
            if (waits && driver_.idle()) continue;  // time stands still
            // As long as one bit: often enough for the terminal, seldom enough to be fast.
            for (int cycle = 0; cycle < 4 * divisor_; ++cycle) step();
            bool busy = !driver_.idle() || sampler_.left || !answers_.empty();
            quiet = busy ? 0 : quiet + 4 * divisor_;
        }
    }

    void report() const {
        std::printf("{\"divisor\": %d, \"cycles\": %llu, \"to_board\": %llu, \"to_host\": %llu, "
                    "\"line_errors\": %llu}\n",
                    divisor_, ull(last_ > first_ ? last_ - first_ : 0), ull(driver_.bytes),
                    ull(sampler_.bytes), ull(sampler_.errors));
        std::fflush(stdout);
    }

  private:
    static unsigned long long ull(uint64_t value) { return value; }

    void step() {
        top_.rx = driver_.pin(faults_, divisor_, now_);
        if (driver_.restart) reset_ = driver_.restart, driver_.restart = 0;
        top_.rst = reset_ > 0;
        if (reset_) --reset_;
        top_.clk = 0;
        top_.eval();
        top_.clk = 1;
        top_.eval();
        ++now_;
        if (driver_.left || sampler_.left) {
            if (!first_) first_ = now_;
            last_ = now_;
        }
        if (sampler_.sample(top_.tx, divisor_)) answer(uint8_t(sampler_.bits));
    }

    void answer(uint8_t value) {
        uint64_t position = sampler_.bytes;
        if (strikes(faults_, "mute", position)) mute_ = true;
        if (mute_ || strikes(faults_, "answer-drop", position)) return;
        if (strikes(faults_, "answer-flip", position)) value ^= 1 << 3;
        answers_.push_back({value, now_ + latency_});
    }

    // Bytes from and to the terminal; false when it is gone.
    bool exchange(bool wait) {
        while (!answers_.empty() && answers_.front().due <= now_) {
            ssize_t done = ::write(fd_, &answers_.front().value, 1);
            if (done != 1) return done < 0 && (errno == EAGAIN || errno == EINTR);
            answers_.pop_front();
        }
        pollfd watched{fd_, POLLIN, 0};
        if (::poll(&watched, 1, wait ? 50 : 0) <= 0) return true;
        if (!(watched.revents & POLLIN)) return false;
        uint8_t octets[256];
        ssize_t count = ::read(fd_, octets, sizeof octets);
        if (count <= 0) return count < 0 && (errno == EAGAIN || errno == EINTR);
        for (ssize_t n = 0; n < count; ++n) driver_.waiting.push_back({octets[n], now_ + latency_});
        return true;
    }

    Vtop top_;
    int fd_, divisor_;
    uint64_t latency_;
    Faults faults_;
    Driver driver_;
    Sampler sampler_;
    std::deque<Byte> answers_;
    uint64_t now_ = 0, first_ = 0, last_ = 0, reset_ = 0;
    bool mute_ = false;
};

}  // namespace

double sc_time_stamp() { return 0; }

int main(int count, char** words) {
    if (count < 4) return 2;
    struct sigaction action {};
    action.sa_handler = [](int) { stopped = 1; };
    sigaction(SIGTERM, &action, nullptr);
    signal(SIGINT, SIG_IGN);  // the parent ends us
    Faults faults;
    for (int n = 4; n < count; ++n) {
        const char* at = std::strchr(words[n], '@');
        if (!at) return 2;
        faults.emplace(std::strtoull(at + 1, nullptr, 10), std::string(words[n], at - words[n]));
    }
    int fd = std::atoi(words[1]);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    Board board(fd, std::atoi(words[2]), std::strtoull(words[3], nullptr, 10), std::move(faults));
    board.run();
    close(fd);
    board.report();
    return 0;
}
